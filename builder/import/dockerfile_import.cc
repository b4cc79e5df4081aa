#include "builder/import/dockerfile_import.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <map>
#include <optional>
#include <utility>

#include <fmt/core.h>

#include "apk/support/error.h"
#include "builder/image/shell_words.h"
#include "builder/import/command_words.h"
#include "builder/import/dockerfile.h"
#include "builder/import/run_import.h"
#include "builder/recipe/schema_image.h"

namespace tarn::builder {
namespace {

namespace fs = std::filesystem;

/// Instructions of one stage, the FROM first.
struct Stage {
  std::string name;
  std::string image;
  std::vector<DockerInstruction> instructions;
};

std::string lower_case(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) {
    return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  });
  return text;
}

/// Words with their quotes gone; nothing where the quotes do not match.
std::optional<std::vector<std::string>> words_of(std::string_view text) {
  try {
    return split_shell_words(text);
  } catch (const Error&) {
    return std::nullopt;
  }
}

/// "KEY=VALUE" in two; nothing without '='.
std::optional<std::pair<std::string, std::string>> assignment(const std::string& word) {
  const std::size_t equals = word.find('=');
  if (equals == std::string::npos || equals == 0) return std::nullopt;
  return std::pair(word.substr(0, equals), word.substr(equals + 1));
}

class DockerfileImport {
 public:
  explicit DockerfileImport(const ImportOptions& options) : options_(options) {}

  RecipeDraft run(std::string_view text) {
    const std::vector<Stage> stages = split_stages(parse_dockerfile(text));
    const auto chain = chosen_stages(stages);
    carry_base(chain.front());
    for (const Stage* stage : chain) {
      variables_ = image_variables_;
      for (std::size_t i = 1; i < stage->instructions.size(); ++i) carry(stage->instructions[i]);
    }
    std::ranges::stable_sort(draft_.left_out, {}, &LeftOut::line);
    return std::move(draft_);
  }

 private:
  std::vector<Stage> split_stages(std::vector<DockerInstruction> instructions) {
    std::vector<Stage> stages;
    for (DockerInstruction& instruction : instructions) {
      if (instruction.keyword == "FROM") {
        stages.push_back(begin_stage(instruction));
      } else if (stages.empty()) {
        if (instruction.keyword != "ARG")
          throw Error(ErrorKind::usage, fmt::format("line {}: {} stands before the first FROM",
                                                    instruction.line, instruction.keyword));
        read_argument(instruction, global_arguments_);
        continue;
      }
      stages.back().instructions.push_back(std::move(instruction));
    }
    if (stages.empty())
      throw Error(ErrorKind::usage, "this Dockerfile has no FROM")
          .hint("name the file with the instructions FROM, RUN, …");
    return stages;
  }

  Stage begin_stage(const DockerInstruction& from) {
    const auto text = expand_variables(from.arguments, global_arguments_);
    const auto words = text ? words_of(*text) : std::nullopt;
    if (!words || words->empty())
      throw Error(ErrorKind::usage, fmt::format("line {}: FROM names no image", from.line));
    Stage stage{{}, words->front(), {}};
    if (words->size() == 3 && lower_case((*words)[1]) == "as") stage.name = lower_case((*words)[2]);
    return stage;
  }

  /// The target, after the stages it is made from.
  std::vector<const Stage*> chosen_stages(const std::vector<Stage>& stages) {
    const auto by_name = [&](const std::string& name, std::size_t before) -> const Stage* {
      for (std::size_t i = before; i-- > 0;)
        if (!stages[i].name.empty() && stages[i].name == lower_case(name)) return &stages[i];
      return nullptr;
    };
    const Stage* stage = &stages.back();
    if (!options_.target.empty()) stage = by_name(options_.target, stages.size());
    if (stage == nullptr)
      throw Error(ErrorKind::usage,
                  fmt::format("the Dockerfile has no stage '{}'", options_.target));
    std::vector<const Stage*> chain;
    while (stage != nullptr) {
      chain.insert(chain.begin(), stage);
      stage = by_name(stage->image, static_cast<std::size_t>(stage - stages.data()));
    }
    if (chain.size() < stages.size())
      draft_.remarks.push_back(fmt::format(
          "of {} stages {} carried over: what others make has to come in as packages or files",
          stages.size(), chain.size() == 1 ? "one is" : fmt::format("{} are", chain.size())));
    return chain;
  }

  // FROM

  void carry_base(const Stage* stage) {
    std::string image = stage->image;
    for (const std::string_view prefix : {"docker.io/", "index.docker.io/", "library/"})
      if (image.starts_with(prefix)) image.erase(0, prefix.size());
    image = image.substr(0, image.find('@'));
    const std::size_t colon = image.rfind(':');
    const bool has_tag = colon != std::string::npos && image.find('/', colon) == std::string::npos;
    const std::string name = has_tag ? image.substr(0, colon) : image;
    const std::string tag = has_tag ? image.substr(colon + 1) : "latest";
    std::string branch = "latest-stable";
    if (name == "scratch") {
      draft_.recipe.skeleton = "none";
      return;
    }
    if (name == "alpine") {
      branch = branch_of(tag);
    } else {
      leave_out(stage->instructions.front(),
                "it is no image of Alpine alone: what it adds to Alpine is not known here; take "
                "Alpine's packages for it, or build upon it with contents.baseimage");
      if (const std::size_t at = tag.find("alpine3."); at != std::string::npos)
        branch = branch_of(tag.substr(at + 6));
    }
    draft_.add_repository("https://dl-cdn.alpinelinux.org/alpine/" + branch + "/main");
    draft_.add_repository("https://dl-cdn.alpinelinux.org/alpine/" + branch + "/community");
    for (const char* package : {"alpine-baselayout", "alpine-keys", "alpine-release", "apk-tools",
                                "busybox", "musl-utils"})
      draft_.add_package(package);
    image_variables_["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  }

  /// The branch of Alpine's repositories behind a tag of its image.
  std::string branch_of(std::string_view tag) {
    if (tag == "edge" || tag.starts_with("20")) return "edge";
    const std::size_t first = tag.find('.');
    if (first == std::string_view::npos) return "latest-stable";
    const std::size_t second = tag.find_first_not_of("0123456789", first + 1);
    return "v" + std::string(tag.substr(0, second));
  }

  // the other instructions

  void carry(const DockerInstruction& instruction) {
    using Handler = void (DockerfileImport::*)(const DockerInstruction&);
    static const std::map<std::string_view, Handler> handlers = {
        {"ADD", &DockerfileImport::carry_copy},
        {"ARG", &DockerfileImport::carry_argument},
        {"CMD", &DockerfileImport::carry_command},
        {"COPY", &DockerfileImport::carry_copy},
        {"ENTRYPOINT", &DockerfileImport::carry_entrypoint},
        {"ENV", &DockerfileImport::carry_environment},
        {"EXPOSE", &DockerfileImport::carry_ports},
        {"HEALTHCHECK", &DockerfileImport::carry_healthcheck},
        {"LABEL", &DockerfileImport::carry_labels},
        {"MAINTAINER", &DockerfileImport::carry_maintainer},
        {"ONBUILD", &DockerfileImport::refuse_onbuild},
        {"RUN", &DockerfileImport::carry_run},
        {"SHELL", &DockerfileImport::carry_shell},
        {"STOPSIGNAL", &DockerfileImport::carry_stop_signal},
        {"USER", &DockerfileImport::carry_user},
        {"VOLUME", &DockerfileImport::carry_volumes},
        {"WORKDIR", &DockerfileImport::carry_folder}};
    (this->*handlers.at(instruction.keyword))(instruction);
  }

  void leave_out(const DockerInstruction& instruction, std::string reason) {
    draft_.left_out.push_back({instruction.line, instruction.str(), std::move(reason)});
  }

  /// The arguments with their variables replaced; left out where that cannot be.
  std::optional<std::string> expanded(const DockerInstruction& instruction) {
    auto text = expand_variables(instruction.arguments, variables_);
    if (!text) leave_out(instruction, "it has an expression that is not known");
    return text;
  }

  std::optional<std::vector<std::string>> expanded_words(const DockerInstruction& instruction) {
    if (instruction.is_exec_form) {
      std::vector<std::string> words;
      for (const std::string& word : instruction.words)
        words.push_back(expand_variables(word, variables_).value_or(word));
      return words;
    }
    const auto text = expanded(instruction);
    if (!text) return std::nullopt;
    auto words = words_of(*text);
    if (!words) leave_out(instruction, "its quotes do not match");
    return words;
  }

  void read_argument(const DockerInstruction& instruction, Variables& into) {
    const auto words = words_of(instruction.arguments);
    for (const std::string& word : words.value_or(std::vector<std::string>())) {
      const auto pair = assignment(word);
      const std::string name = pair ? pair->first : word;
      if (const auto given = options_.build_arguments.find(name);
          given != options_.build_arguments.end())
        into[name] = given->second;
      else if (pair)
        into[name] = expand_variables(pair->second, into).value_or(pair->second);
      else if (const auto global = global_arguments_.find(name); global != global_arguments_.end())
        into[name] = global->second;
    }
  }

  void carry_argument(const DockerInstruction& instruction) {
    read_argument(instruction, variables_);
  }

  void carry_run(const DockerInstruction& instruction) {
    import_run(instruction, {variables_, folder_, virtual_packages_}, draft_);
  }

  void carry_environment(const DockerInstruction& instruction) {
    const auto text = expanded(instruction);
    if (!text) return;
    const std::size_t blank = text->find_first_of(" \t");
    // The old form, ENV NAME VALUE: all of the rest is the value.
    if (text->find('=') > blank && blank != std::string::npos)
      return set_variable(text->substr(0, blank),
                          text->substr(text->find_first_not_of(" \t", blank)));
    const auto words = words_of(*text);
    if (!words) return leave_out(instruction, "its quotes do not match");
    for (const std::string& word : *words)
      if (auto pair = assignment(word)) set_variable(pair->first, pair->second);
  }

  void set_variable(const std::string& name, const std::string& value) {
    variables_[name] = value;
    image_variables_[name] = value;
    draft_.recipe.environment[name] = value;
  }

  void carry_labels(const DockerInstruction& instruction) {
    const auto words = expanded_words(instruction);
    if (!words) return;
    if (words->size() == 2 && !assignment(words->front())) {
      draft_.recipe.labels[words->front()] = (*words)[1];
      return;
    }
    for (const std::string& word : *words)
      if (auto pair = assignment(word)) draft_.recipe.labels[pair->first] = pair->second;
  }

  void carry_maintainer(const DockerInstruction& instruction) {
    draft_.recipe.author = instruction.arguments;
  }

  void carry_ports(const DockerInstruction& instruction) {
    const auto words = expanded_words(instruction);
    if (!words) return;
    for (const std::string& word : *words) {
      const std::size_t slash = word.find('/');
      const std::string protocol = slash == std::string::npos ? "tcp" : word.substr(slash + 1);
      const std::string ports = word.substr(0, slash);
      const std::size_t dash = ports.find('-');
      const auto first = port(ports.substr(0, dash));
      const auto last = dash == std::string::npos ? first : port(ports.substr(dash + 1));
      constexpr int most = 100;
      if (!first || !last || *last < *first || *last - *first >= most) {
        leave_out(instruction, fmt::format("'{}' is no port, or more than {}", word, most));
        return;
      }
      for (int number = *first; number <= *last; ++number)
        draft_.recipe.exposed_ports.push_back(fmt::format("{}/{}", number, protocol));
    }
  }

  static std::optional<int> port(std::string_view text) {
    int number = 0;
    const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (status != std::errc() || end != text.data() + text.size() || number < 1 || number > 65535)
      return std::nullopt;
    return number;
  }

  void carry_user(const DockerInstruction& instruction) {
    if (auto text = expanded(instruction)) draft_.recipe.accounts.run_as = *std::move(text);
  }

  void carry_folder(const DockerInstruction& instruction) {
    const auto words = expanded_words(instruction);
    if (!words || words->size() != 1) return;
    folder_ = RecipeDraft::absolute(words->front(), folder_);
    draft_.recipe.work_dir = folder_;
  }

  void carry_volumes(const DockerInstruction& instruction) {
    const auto words = expanded_words(instruction);
    if (!words) return;
    for (const std::string& word : *words) draft_.recipe.volumes.push_back(word);
  }

  void carry_stop_signal(const DockerInstruction& instruction) {
    if (auto text = expanded(instruction)) draft_.recipe.stop_signal = *std::move(text);
  }

  void carry_command(const DockerInstruction& instruction) {
    draft_.recipe.cmd =
        join_shell_words(instruction.is_exec_form
                             ? instruction.words
                             : std::vector<std::string>{"/bin/sh", "-c", instruction.arguments});
  }

  void carry_entrypoint(const DockerInstruction& instruction) {
    draft_.recipe.entrypoint = {};
    // An entrypoint takes the place of what an earlier CMD was for.
    draft_.recipe.cmd.clear();
    if (instruction.is_exec_form)
      draft_.recipe.entrypoint.command = join_shell_words(instruction.words);
    else
      draft_.recipe.entrypoint.shell_fragment = instruction.arguments;
  }

  void carry_healthcheck(const DockerInstruction& instruction) {
    Healthcheck check;
    for (const std::string& flag : instruction.flags) {
      const auto pair = assignment(flag);
      if (!pair) return leave_out(instruction, fmt::format("'{}' has no value", flag));
      if (pair->first == "--retries") {
        check.retries = static_cast<std::uint32_t>(port(pair->second).value_or(0));
        continue;
      }
      const auto time = parse_duration(pair->second);
      std::chrono::milliseconds* const place = pair->first == "--interval"  ? &check.interval
                                               : pair->first == "--timeout" ? &check.timeout
                                               : pair->first == "--start-period"
                                                   ? &check.start_period
                                                   : nullptr;
      if (!time || place == nullptr)
        return leave_out(instruction, fmt::format("a recipe has no '{}'", flag));
      *place = *time;
    }
    const std::string& text = instruction.arguments;
    if (lower_case(text) == "none") {
      check.kind = Healthcheck::Kind::none;
    } else if (instruction.is_exec_form) {
      check.text = join_shell_words(instruction.words);
    } else {
      check.kind = Healthcheck::Kind::shell_fragment;
      const std::size_t begin = text.find_first_not_of(" \t", 3);
      if (lower_case(text.substr(0, 3)) != "cmd" || begin == std::string::npos)
        return leave_out(instruction, "it is neither NONE nor CMD");
      check.text = text.substr(begin);
    }
    draft_.recipe.healthcheck = std::move(check);
  }

  void carry_shell(const DockerInstruction& instruction) {
    if (instruction.words.empty() || instruction.words.front() != "/bin/sh")
      leave_out(instruction, "a recipe's shell fragments are /bin/sh's");
  }

  void refuse_onbuild(const DockerInstruction& instruction) {
    leave_out(instruction,
              "a recipe is not built upon by instructions: include it in other recipes");
  }

  // COPY and ADD

  struct CopyFlags {
    RecipeDraft::Access access{};
    std::string fault{};
  };

  CopyFlags read_copy_flags(const DockerInstruction& instruction) {
    CopyFlags flags;
    for (const std::string& flag : instruction.flags) {
      const auto pair = assignment(flag);
      const std::string name = pair ? pair->first : flag;
      const std::string value =
          pair ? expand_variables(pair->second, variables_).value_or(pair->second) : std::string();
      if (name == "--link" || name == "--parents") {
        if (name == "--parents") flags.fault = "a recipe has no '--parents'";
      } else if (name == "--from") {
        flags.fault =
            "it copies from another stage or image: bring the files as a package, or "
            "list them under 'files'";
      } else if (name == "--chmod") {
        flags.access.mode = parse_mode(value);
        if (!flags.access.mode) flags.fault = fmt::format("the mode '{}' is no number", value);
      } else if (name == "--chown") {
        const std::size_t colon = value.find(':');
        const std::string user = value.substr(0, colon);
        flags.access.uid = draft_.uid_of(user);
        flags.access.gid = colon == std::string::npos ? draft_.gid_of(user)
                                                      : draft_.gid_of(value.substr(colon + 1));
        if (!flags.access.uid || !flags.access.gid)
          flags.fault =
              fmt::format("the number of '{}' is not known here: name the numbers", value);
      } else {
        flags.fault = fmt::format("a recipe has no '{}'", flag);
      }
    }
    return flags;
  }

  void carry_copy(const DockerInstruction& instruction) {
    const CopyFlags flags = read_copy_flags(instruction);
    if (!flags.fault.empty()) return leave_out(instruction, flags.fault);
    const auto words = expanded_words(instruction);
    if (!words) return;
    if (words->size() < 2) return leave_out(instruction, "it names no target");
    const std::string& target = words->back();
    const bool into_folder = words->size() > 2 || target.ends_with('/') || target == ".";
    std::vector<FileEntry> files;
    for (std::size_t i = 0; i + 1 < words->size(); ++i) {
      std::string fault;
      auto file = (*words)[i].starts_with("<<")
                      ? document(instruction, (*words)[i])
                      : copied(instruction.keyword, (*words)[i], target, into_folder, fault);
      if (!file) return leave_out(instruction, fault.empty() ? "its text is not there" : fault);
      if (file->path.empty()) file->path = target;
      file->path = RecipeDraft::absolute(file->path, folder_);
      file->uid = flags.access.uid.value_or(0);
      file->gid = flags.access.gid.value_or(0);
      if (flags.access.mode) file->mode = flags.access.mode;
      files.push_back(*std::move(file));
    }
    auto& all = draft_.recipe.files;
    all.insert(all.end(), files.begin(), files.end());
  }

  static std::optional<FileEntry> document(const DockerInstruction& instruction, std::string name) {
    std::erase_if(name, [](char c) { return c == '<' || c == '-' || c == '\'' || c == '"'; });
    const auto found = std::ranges::find(instruction.documents, name, &DockerDocument::name);
    if (found == instruction.documents.end()) return std::nullopt;
    FileEntry file;
    file.content = found->text;
    return file;
  }

  std::optional<FileEntry> copied(std::string_view keyword, const std::string& source,
                                  const std::string& target, bool into_folder, std::string& fault) {
    if (source.find("://") != std::string::npos || source.starts_with("git@")) {
      fault =
          "a build fetches packages only: put the file beside the recipe and list it under 'files'";
      return std::nullopt;
    }
    if (source.find_first_of("*?[") != std::string::npos) {
      fault = "list the files that are meant one by one";
      return std::nullopt;
    }
    const std::string inside = RecipeDraft::absolute(source, "/").substr(1);
    const fs::path path = options_.context / inside;
    std::error_code status;
    const auto type = fs::status(path, status).type();
    if (type != fs::file_type::regular && type != fs::file_type::directory) {
      fault = fmt::format("there is no '{}' beside the Dockerfile", source);
      return std::nullopt;
    }
    if (keyword == "ADD" && type == fs::file_type::regular && is_archive(inside)) {
      fault =
          "ADD unpacks archives, a recipe does not: unpack it and list the folder under 'files'";
      return std::nullopt;
    }
    FileEntry file;
    file.source = fs::absolute(inside.empty() ? options_.context : path).lexically_normal();
    file.path = target;
    // Of a folder the content is copied, of a file the file itself.
    if (type == fs::file_type::regular && into_folder) file.path += "/" + path.filename().string();
    return file;
  }

  static bool is_archive(std::string_view name) {
    for (const std::string_view end :
         {".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar.zst"})
      if (name.ends_with(end)) return true;
    return false;
  }

  const ImportOptions& options_;
  RecipeDraft draft_;
  Variables global_arguments_;
  Variables variables_;        ///< of ARG and ENV, in the stage at hand
  Variables image_variables_;  ///< of ENV alone
  std::string folder_ = "/";
  std::map<std::string, std::vector<std::string>, std::less<>> virtual_packages_;
};

}  // namespace

RecipeDraft import_dockerfile(std::string_view text, const ImportOptions& options) {
  return DockerfileImport(options).run(text);
}

}  // namespace tarn::builder
