// Any octets as a program of sed or awk, or a pattern of grep, on a small text: it is refused with
// NotNative or stopped with an Error at a bound, or it runs to its end; and running it again gives
// the same.

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "apk/support/error.h"
#include "builder/scripts/command.h"
#include "expect.h"
#include "unit/scripts/commands/text_stream.h"

namespace {

using namespace tarn;
using namespace tarn::builder;
using tarn::test::TextStream;

/// What a call came to, as text.
std::string outcome(const std::vector<std::string>& arguments, std::string_view input) {
  Rootfs rootfs;
  rootfs.write_file("file", "one\ntwo 2\n\nthree:3", Owner{});
  ScriptRootfs files(rootfs, 1'000'000'000);
  ScriptBudget budget{ScriptLimits{.steps = 20'000, .octets = 1U << 20U, .depth = 50}};
  const ScriptSurroundings surroundings;
  const std::map<std::string, std::string, std::less<>> environment;
  TextStream in(input);
  TextStream out("");
  TextStream errors("");
  const Command* command = find_command(arguments[0]);
  test::expect(command != nullptr, "there is the command");
  try {
    const std::vector<std::optional<std::string>> known(arguments.begin(), arguments.end());
    const auto unsupported = command->unsupported(known);
    const int status =
        command->run({arguments, files, in, out, errors, "/", 022, environment, budget,
                      surroundings, [](std::span<const std::string>, ScriptStream&) { return 1; }});
    test::expect(!unsupported, "what is known not to be native does not run");
    return std::to_string(status) + out.text + errors.text;
  } catch (const NotNative& reason) {
    return reason.what();
  } catch (const Error& error) {
    return error.message();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::vector<std::vector<std::string>> calls = {
      {"sed"},          {"sed", "-E"}, {"sed", "-n"},    {"grep", "-e"},
      {"grep", "-Eoe"}, {"awk"},       {"grep", "-wie"}, {"sed", "-ni"},
  };
  const std::string_view all(reinterpret_cast<const char*>(data + 1), size - 1);
  const std::size_t end = all.find('\0');
  std::vector<std::string> arguments = calls[data[0] % calls.size()];
  arguments.emplace_back(all.substr(0, end));
  std::string input = "root:x:0:0:root\nabc abc\n";
  if (end != std::string_view::npos) {
    input = all.substr(end + 1);
  } else {
    arguments.emplace_back("file");
  }
  test::expect(outcome(arguments, input) == outcome(arguments, input), "a run can be repeated");
  return 0;
}
