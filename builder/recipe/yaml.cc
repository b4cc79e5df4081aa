#include "builder/recipe/yaml.h"

#include <algorithm>
#include <istream>
#include <map>
#include <optional>
#include <streambuf>
#include <utility>

#include <fmt/core.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include "apk/support/url.h"

namespace tarn::builder {
namespace {

constexpr std::size_t depth_limit = 64;
/// Of all nodes together, each alias counted as what it stands for.
constexpr std::size_t weight_limit = std::size_t{16} << 20U;
constexpr std::size_t node_weight = 64;

/// A text as a stream, without a copy.
class TextBuffer : public std::streambuf {
 public:
  explicit TextBuffer(std::string_view text) {
    char* begin = const_cast<char*>(text.data());  // only ever read
    setg(begin, begin, begin + text.size());
  }
};

/// The tag of a node as yaml-cpp gives it.
enum class Tag { none, quoted, text, other_core };

std::optional<Tag> tag_of(const std::string& tag) {
  static constexpr std::string_view core = "tag:yaml.org,2002:";
  if (tag.empty() || tag == "?") return Tag::none;
  if (tag == "!") return Tag::quoted;
  if (!tag.starts_with(core)) return std::nullopt;
  const auto name = std::string_view(tag).substr(core.size());
  if (name == "str") return Tag::text;
  for (const auto* known : {"int", "float", "bool", "null", "seq", "map"})
    if (name == known) return Tag::other_core;
  return std::nullopt;
}

/// A node while its document is read.
struct Frame {
  std::shared_ptr<YamlNode> node;
  YAML::anchor_t anchor = 0;
  std::size_t weight = node_weight;
  std::size_t depth = 0;  ///< of the deepest node in it
  std::map<std::string, Position> keys;
  std::optional<YamlEntry> key;  ///< of a mapping: a key that waits for its value
  bool key_is_plain = false;
  std::vector<YamlNodePtr> merged;  ///< of a mapping: the values of its `<<` keys
};

/// yaml-cpp makes endless empty documents of a token that no document may begin with. This ends
/// them.
class DocumentHandler : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& mark) override {
    if (mark.pos == last_start_) throw YAML::ParserException(mark, "no value may begin like this");
    last_start_ = mark.pos;
  }

 private:
  int last_start_ = -1;
};

/// Builds the tree from yaml-cpp's events.
class TreeBuilder : public DocumentHandler {
 public:
  explicit TreeBuilder(std::string name) : name_(std::move(name)) {}

  const std::vector<YamlNodePtr>& documents() const { return documents_; }
  /// Where the last quoted scalar begins.
  const std::optional<Position>& last_quoted() const { return last_quoted_; }

  Position position(const YAML::Mark& mark) const {
    return {name_, mark.line + 1, mark.column + 1};
  }

  void OnDocumentEnd() override { anchors_.clear(); }

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    start(YamlNode::Kind::null, mark, "", anchor);
    finish();
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end())
      throw recipe_error(position(mark), "an alias inside of what it stands for");
    add(found->second.node, found->second.weight, found->second.depth, position(mark),
        Written::as_alias);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    const auto known = start(YamlNode::Kind::scalar, mark, tag, anchor);
    Frame& frame = stack_.back();
    if (value.find('\0') != std::string::npos)
      throw recipe_error(frame.node->position, "a NUL character");
    if (known == Tag::quoted) last_quoted_ = frame.node->position;
    frame.node->plain = known == Tag::none || known == Tag::other_core;
    frame.node->text = value;
    frame.weight += value.size();
    finish();
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    start(YamlNode::Kind::sequence, mark, tag, anchor);
  }
  void OnSequenceEnd() override { finish(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    start(YamlNode::Kind::mapping, mark, tag, anchor);
  }
  void OnMapEnd() override {
    resolve_merges(stack_.back());
    finish();
  }

 private:
  enum class Written { in_place, as_alias };
  struct Anchored {
    YamlNodePtr node;
    std::size_t weight;
    std::size_t depth;
  };

  Tag start(YamlNode::Kind kind, const YAML::Mark& mark, const std::string& tag,
            YAML::anchor_t anchor) {
    const auto where = position(mark);
    const auto known = tag_of(tag);
    if (!known)
      throw recipe_error(where, "unknown tag " + quote(tag))
          .hint("a recipe is plain data: texts, numbers, lists and mappings");
    if (stack_.size() >= depth_limit)
      throw recipe_error(where, fmt::format("nested deeper than {} levels", depth_limit));
    Frame frame;
    frame.node = std::make_shared<YamlNode>();
    frame.node->kind = kind;
    frame.node->position = where;
    frame.anchor = anchor;
    stack_.push_back(std::move(frame));
    return *known;
  }

  void finish() {
    Frame frame = std::move(stack_.back());
    stack_.pop_back();
    if (frame.anchor != 0) anchors_[frame.anchor] = {frame.node, frame.weight, frame.depth};
    add(frame.node, frame.weight, frame.depth, frame.node->position, Written::in_place);
  }

  /// Puts a finished node where it belongs: into the innermost open one.
  void add(const YamlNodePtr& node, std::size_t weight, std::size_t depth, const Position& where,
           Written written) {
    if (weight > weight_limit || stack_.size() + depth > depth_limit)
      throw recipe_error(where, "the recipe is too large")
          .hint(written == Written::as_alias ? "aliases repeat what they stand for" : "");
    if (stack_.empty()) {
      documents_.push_back(node);
      return;
    }
    Frame& parent = stack_.back();
    parent.weight += weight;
    parent.depth = std::max(parent.depth, depth + 1);
    if (parent.weight > weight_limit)
      throw recipe_error(where, "the recipe is too large")
          .hint(
              "larger content belongs into a file of its own; aliases repeat what they stand "
              "for");
    if (parent.node->kind == YamlNode::Kind::sequence)
      parent.node->items.push_back(node);
    else if (!parent.key)
      take_key(parent, *node, where);
    else
      take_value(parent, node);
  }

  static void take_key(Frame& frame, const YamlNode& key, const Position& where) {
    if (key.kind != YamlNode::Kind::scalar)
      throw recipe_error(where, fmt::format("a key must be a text, found {}", key.describe()));
    frame.key = YamlEntry{key.text, where, nullptr};
    frame.key_is_plain = key.plain;
  }

  static void take_value(Frame& frame, const YamlNodePtr& value) {
    YamlEntry entry = std::move(*frame.key);
    frame.key.reset();
    if (entry.key == "<<" && frame.key_is_plain) {
      take_merge(frame, entry.position, value);
      return;
    }
    const auto [known, is_new] = frame.keys.try_emplace(entry.key, entry.position);
    if (!is_new)
      throw recipe_error(entry.position, fmt::format("key {} is given twice", quote(entry.key)))
          .detail("first given at", known->second.str());
    entry.value = value;
    frame.node->entries.push_back(std::move(entry));
  }

  static void take_merge(Frame& frame, const Position& where, const YamlNodePtr& value) {
    std::vector<YamlNodePtr> sources = {value};
    if (value->kind == YamlNode::Kind::sequence) sources = value->items;
    for (const auto& source : sources) {
      if (source->kind != YamlNode::Kind::mapping)
        throw recipe_error(where,
                           fmt::format("'<<' merges mappings, found {}", source->describe()));
      frame.merged.push_back(source);
    }
  }

  /// Keys of its own come before merged ones, and of those the first one given.
  static void resolve_merges(Frame& frame) {
    for (const auto& source : frame.merged)
      for (const auto& entry : source->entries)
        if (frame.keys.try_emplace(entry.key, entry.position).second)
          frame.node->entries.push_back(entry);
  }

  std::string name_;
  std::vector<Frame> stack_;
  std::map<YAML::anchor_t, Anchored> anchors_;
  std::vector<YamlNodePtr> documents_;
  std::optional<Position> last_quoted_;
};

/// Sees nothing: for a run that only checks.
class NullHandler : public DocumentHandler {
 public:
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}
};

void feed(std::string_view text, YAML::EventHandler& handler) {
  TextBuffer buffer(text);
  std::istream stream(&buffer);
  YAML::Parser parser(stream);
  while (parser.HandleNextDocument(handler)) {
  }
}

/// At the end of the text yaml-cpp lets pass what is not finished, an open quote for one. With a
/// document's end after it, it notices.
void check_finished(std::string_view text, const TreeBuilder& tree) {
  NullHandler handler;
  try {
    feed(std::string(text) + "\n...\n", handler);
  } catch (const YAML::Exception& error) {
    if (tree.last_quoted() && error.msg == YAML::ErrorMsg::DOC_IN_SCALAR)
      throw recipe_error(*tree.last_quoted(), "a quoted text is never closed");
    throw recipe_error(tree.position(error.mark), error.msg);
  }
}

/// The length of the UTF-8 sequence at the beginning of `text`; 0 when there is none.
std::size_t utf8_length(std::string_view text) {
  const auto octet = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto follows = [&](std::size_t count) {
    if (text.size() < count + 1) return false;
    for (std::size_t i = 1; i <= count; ++i)
      if ((octet(i) & 0xc0U) != 0x80U) return false;
    return true;
  };
  const auto first = octet(0);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return follows(1) ? 2 : 0;
  if ((first & 0xf0U) == 0xe0) {
    if (!follows(2) || (first == 0xe0 && octet(1) < 0xa0)) return 0;
    return first == 0xed && octet(1) >= 0xa0 ? 0 : 3;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    if (!follows(3) || (first == 0xf0 && octet(1) < 0x90)) return 0;
    return first == 0xf4 && octet(1) >= 0x90 ? 0 : 4;
  }
  return 0;
}

void check_encoding(std::string_view text, const std::string& name) {
  Position position{name, 1, 1};
  while (!text.empty()) {
    const auto length = utf8_length(text);
    if (length == 0) throw recipe_error(position, "not UTF-8");
    if (text.front() == '\0') throw recipe_error(position, "a NUL character");
    if (text.front() == '\n') {
      ++position.line;
      position.column = 1;
    } else {
      position.column += static_cast<int>(length);
    }
    text.remove_prefix(length);
  }
}

}  // namespace

std::string YamlNode::describe() const {
  switch (kind) {
    case Kind::null:
      return "nothing";
    case Kind::sequence:
      return "a list";
    case Kind::mapping:
      return "a mapping";
    case Kind::scalar:
      break;
  }
  return quote(text);
}

std::string quote(std::string_view text) {
  static constexpr std::size_t shown = 60;
  const auto safe = redact_urls(text);
  std::string quoted = "'";
  for (std::size_t i = 0; i < safe.size();) {
    const auto length = std::max<std::size_t>(utf8_length(std::string_view(safe).substr(i)), 1);
    if (quoted.size() + length > shown) return quoted + "…'";
    const auto octet = static_cast<unsigned char>(safe[i]);
    if (octet < 0x20 || octet == 0x7f)
      quoted += octet == '\n' ? "\\n" : fmt::format("\\x{:02x}", octet);
    else
      quoted.append(safe, i, length);
    i += length;
  }
  return quoted + "'";
}

Error recipe_error(const Position& position, const std::string& message) {
  return {ErrorKind::usage, position.str() + ": " + message};
}

YamlNodePtr parse_yaml(std::string_view text, const std::string& name) {
  if (text.size() > yaml_size_limit)
    throw Error(ErrorKind::usage,
                fmt::format("{} holds more than {} octets", name, yaml_size_limit))
        .hint("larger content belongs into a file of its own");
  check_encoding(text, name);
  TreeBuilder tree(name);
  try {
    feed(text, tree);
  } catch (const YAML::Exception& error) {
    throw recipe_error(tree.position(error.mark), error.msg);
  }
  check_finished(text, tree);
  YamlNodePtr document;
  for (const auto& found : tree.documents()) {
    if (found->kind == YamlNode::Kind::null) continue;
    if (document)
      throw recipe_error(found->position, "a second document")
          .hint("a recipe is one document; several images from one recipe are 'variants'");
    document = found;
  }
  if (!document) throw recipe_error({name, 1, 1}, "the recipe is empty");
  return document;
}

}  // namespace tarn::builder
