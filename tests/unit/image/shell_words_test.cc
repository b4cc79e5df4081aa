#include "builder/image/shell_words.h"

#include <doctest/doctest.h>

#include "apk/support/error.h"

using namespace tarn;
using namespace tarn::builder;

TEST_CASE("shell words: split as a shell quotes") {
  using Words = std::vector<std::string>;
  struct Case {
    const char* line;
    Words words;
  };
  const Case cases[] = {
      {"", {}},
      {"  \t\n ", {}},
      {"nginx", {"nginx"}},
      {"/usr/sbin/nginx -c  /etc/nginx.conf -e\t/dev/stderr",
       {"/usr/sbin/nginx", "-c", "/etc/nginx.conf", "-e", "/dev/stderr"}},
      {"nginx -g \"daemon off;\"", {"nginx", "-g", "daemon off;"}},
      {"nginx -g 'daemon off;'", {"nginx", "-g", "daemon off;"}},
      {"a'b'\"c\"d", {"abcd"}},
      {"'' \"\" a''", {"", "", "a"}},
      {"a\\ b c\\\\d \\'", {"a b", "c\\d", "'"}},
      {"'a\\b \"c\"'", {"a\\b \"c\""}},
      {"\"a\\nb \\$c \\`d\\` \\\"e\\\" \\\\f 'g'\"", {"a\\nb $c `d` \"e\" \\f 'g'"}},
      {"a\\\nb \"c\\\nd\"", {"ab", "cd"}},
      {"a \\\n b", {"a", "b"}},
      {"$HOME `x` $(y) *.c | > & ;", {"$HOME", "`x`", "$(y)", "*.c", "|", ">", "&", ";"}},
      {"a # b 'c\nd#e '#f'", {"a", "d#e", "#f"}},
      {"# nothing", {}},
      {"\xc3\xa9t\xc3\xa9 'l\xc3\xa0'", {"\xc3\xa9t\xc3\xa9", "l\xc3\xa0"}},
  };
  for (const Case& item : cases) {
    CAPTURE(item.line);
    CHECK(split_shell_words(item.line) == item.words);
  }
}

TEST_CASE("shell words: what is not closed is an error with its place") {
  struct Case {
    const char* line;
    const char* message;
  };
  const Case cases[] = {
      {"a 'b c", "the quote ' at character 3 is not closed"},
      {"a \"b c", "the quote \" at character 3 is not closed"},
      {"\"a\\\"", "the quote \" at character 1 is not closed"},
      {"a\"", "the quote \" at character 2 is not closed"},
      {"a\\", "a backslash at the end escapes nothing"},
  };
  for (const Case& item : cases) {
    CAPTURE(item.line);
    try {
      split_shell_words(item.line);
      FAIL("not refused");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::usage);
      CHECK(error.message() == item.message);
    }
  }
}
