#include "builder/import/dockerfile.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "apk/support/error.h"
#include "builder/import/command_words.h"
#include "builder/import/recipe_draft.h"
#include "builder/import/variables.h"

namespace tarn::builder {

TEST_CASE("Dockerfiles: lines, comments and flags") {
  const auto found = parse_dockerfile(
      "# syntax=docker/dockerfile:1\n"
      "\n"
      "from --platform=linux/amd64 alpine:3.19 AS base\r\n"
      "RUN --mount=type=cache,target=/x apk add \\\n"
      "  # a comment\n"
      "\n"
      "  curl && \\\n"
      "  true\n"
      "CMD [\"a\", \"b c\"]\n"
      "HEALTHCHECK --interval=5s CMD [\"x\"]\n");
  REQUIRE(found.size() == 4);
  CHECK(found[0].line == 3);
  CHECK(found[0].keyword == "FROM");
  CHECK(found[0].flags == std::vector<std::string>{"--platform=linux/amd64"});
  CHECK(found[0].arguments == "alpine:3.19 AS base");
  CHECK(found[1].line == 4);
  CHECK(found[1].str() == "RUN --mount=type=cache,target=/x apk add curl && true");
  CHECK(found[1].script == " apk add \\\n\\\n\\\n  curl && \\\n  true");
  CHECK(found[2].is_exec_form);
  CHECK(found[2].words == std::vector<std::string>{"a", "b c"});
  CHECK(found[3].words == std::vector<std::string>{"x"});
}

TEST_CASE("Dockerfiles: another escape, and here-documents") {
  const auto found = parse_dockerfile(
      "# escape=`\n"
      "FROM alpine\n"
      "RUN a`\n"
      " b\n"
      "RUN <<-\"ONE\" cat > /x && cat <<TWO\n"
      "\tfirst\n"
      "\tONE\n"
      " second\n"
      "TWO\n"
      "CMD x\n");
  REQUIRE(found.size() == 4);
  CHECK(found[1].arguments == "a b");
  REQUIRE(found[2].documents.size() == 2);
  CHECK(found[2].documents[0].text == "first\n");
  CHECK(found[2].documents[1].text == " second\n");
  CHECK(found[3].line == 10);
}

TEST_CASE("Dockerfiles: what is none says where") {
  const auto message = [](const std::string& text) {
    try {
      parse_dockerfile(text);
    } catch (const Error& error) {
      return error.message();
    }
    return std::string();
  };
  CHECK(message("FROM a\nMAKE it\n") == "line 2: 'MAKE' is no instruction of a Dockerfile");
  CHECK(message("FROM\n") == "line 1: FROM has no arguments");
  CHECK(message("RUN cat <<EOF\nx\n") == "line 1: the here-document EOF has no end");
  CHECK(message("# escape=x\n") == "line 1: escape can be \\ or ` only");
  CHECK(message(std::string("FROM a\0", 7)) ==
        "this is no Dockerfile: it holds octets that are no text");
  CHECK(message(std::string(largest_dockerfile + 1, 'x')).find("too large") != std::string::npos);
}

TEST_CASE("Dockerfiles: variables in instructions") {
  const Variables variables = {{"A", "one"}, {"EMPTY", ""}};
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"$A-${A}", "one-one"}, {"$B|${B}", "|"},
      {"\\$A", "$A"},         {"'$A' \"$A\"", "'$A' \"one\""},
      {"${B:-x$A}", "xone"},  {"${EMPTY:-d}", "d"},
      {"${EMPTY-d}", ""},     {"${A:+yes}", "yes"},
      {"${B:+yes}", ""},      {"${B:-${C:-${A}}}", "one"},
      {"a$", "a$"},           {"$1", ""}};
  for (const auto& row : cases) {
    const auto& [text, expected] = row;
    CAPTURE(row.first);
    CHECK(expand_variables(text, variables) == expected);
  }
  CHECK_FALSE(expand_variables("${A", variables));
  CHECK_FALSE(expand_variables("${A##x}", variables));
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "${X:-";
  CHECK_FALSE(expand_variables(deep + std::string(100, '}'), variables));
}

TEST_CASE("commands: options and operands") {
  const CommandWords words(
      {"adduser", "-DSu", "10", "-Gweb", "--home=/x", "--shell", "/bin/sh", "me", "--", "-odd"},
      "uG", {"--shell"});
  CHECK(words.operands == std::vector<std::string>{"me", "-odd"});
  CHECK(words.has("-D", ""));
  CHECK(words.value("-u", "--uid") == "10");
  CHECK(words.value("-G", "") == "web");
  CHECK(words.value("-h", "--home") == "/x");
  CHECK(words.value("-s", "--shell") == "/bin/sh");
  CHECK_FALSE(words.has("-x", "--none"));
  CHECK(unescape("a\\tb\\n\\\\") == "a\tb\n\\");
  CHECK_FALSE(unescape("\\x41"));
  CHECK_FALSE(unescape("end\\"));
}

TEST_CASE("drafts: paths, accounts and what belongs to them") {
  CHECK(RecipeDraft::absolute("../../a//b/./c/", "/srv") == "/a/b/c");
  CHECK(RecipeDraft::absolute(".", "/") == "/");
  CHECK(join_shell_words({"nginx", "-g", "daemon off;", "it's", ""}) ==
        "nginx -g 'daemon off;' 'it'\\''s' ''");
  RecipeDraft draft;
  draft.add_package("a");
  draft.add_package("b>1");
  draft.add_package("a=2");
  draft.add_package("b");
  REQUIRE(draft.recipe.contents.packages.size() == 2);
  CHECK(draft.recipe.contents.packages[0].text == "a=2");
  CHECK(draft.recipe.contents.packages[1].text == "b>1");
  draft.remove_package("b");
  CHECK(draft.recipe.contents.packages.size() == 1);
  CHECK(draft.add_user({.name = "one"}));
  CHECK(draft.uid_of("one") == 1000);
  CHECK(draft.gid_of("one") == 1000);
  CHECK(draft.uid_of("nobody") == 65534);
  CHECK(draft.gid_of("12") == 12);
  CHECK_FALSE(draft.uid_of("nginx"));
  CHECK_FALSE(draft.add_user({.name = "two", .group = "nginx"}));
  CHECK(draft.remarks.size() == 1);
  draft.make_directory("/srv/a", 0700);
  draft.add_path(PathType::empty_file, "/srv/a/b");
  CHECK(draft.set_access("/srv/a", {.uid = 5, .gid = 6, .mode = {}}, true));
  CHECK(draft.recipe.paths.back().uid == 5);
  CHECK_FALSE(draft.set_access("/srv", {.uid = 5, .gid = {}, .mode = {}}, false));
}

}  // namespace tarn::builder
