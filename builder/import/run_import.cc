#include "builder/import/run_import.h"

#include <algorithm>
#include <utility>
#include <variant>

#include <fmt/core.h>

#include "apk/support/error.h"
#include "builder/import/image_command.h"
#include "builder/import/shell_values.h"
#include "builder/scripts/shell_parser.h"

namespace tarn::builder {
namespace {

/// Follows a RUN's commands through.
class RunImport {
 public:
  RunImport(const RunSurroundings& surroundings, RecipeDraft& draft)
      : draft_(draft),
        state_{surroundings.variables, surroundings.folder, surroundings.virtual_packages} {}

  void run(const CommandList& commands) {
    for (const CommandPointer& command : commands) run(*command);
  }

 private:
  void run(const ShellCommand& command) {
    if (const auto* simple = std::get_if<SimpleCommand>(&command.what)) {
      run_simple(command, *simple);
    } else if (const auto* list = std::get_if<AndOrList>(&command.what)) {
      run_list(*list);
    } else if (const auto* pipeline = std::get_if<Pipeline>(&command.what);
               pipeline != nullptr && pipeline->stages.size() == 1 && !pipeline->negated) {
      run(*pipeline->stages.front());
    } else if (const auto* group = std::get_if<GroupCommand>(&command.what);
               group != nullptr && command.redirections.empty()) {
      run(group->body);
    } else if (const auto* subshell = std::get_if<SubshellCommand>(&command.what);
               subshell != nullptr && command.redirections.empty()) {
      const CommandState before = state_;
      run(subshell->body);
      state_.variables = before.variables;
      state_.folder = before.folder;
    } else {
      leave_out(command,
                "what it does depends on the image while it is built: write what comes of "
                "it as 'paths' or 'files', or make a package of it");
    }
  }

  void run_list(const AndOrList& list) {
    for (std::size_t i = 0; i < list.members.size(); ++i) {
      const AndOrList::Member& member = list.members[i];
      if (member.condition != AndOrList::Condition::failure) {
        run(*member.command);
      } else if (const auto* simple = std::get_if<SimpleCommand>(&member.command->what);
                 simple == nullptr || !does_nothing(*simple)) {
        leave_out(*member.command, "it runs only if what stands before it fails");
      }
    }
  }

  static bool does_nothing(const SimpleCommand& command) {
    if (command.words.empty()) return false;
    const auto name = word_value(command.words.front(), {});
    return name == "true" || name == ":" || name == "exit";
  }

  void run_simple(const ShellCommand& command, const SimpleCommand& simple) {
    if (simple.words.empty()) return assign(simple);
    ImageCommand call{{}, {}, false, {}};
    for (const ShellWord& word : simple.words) {
      auto values = word_values(word, state_.variables);
      if (!values)
        return leave_out(command, "what it says is known only when it runs: write it out");
      call.words.insert(call.words.end(), values->begin(), values->end());
    }
    if (call.words.empty()) return;
    if (!read_redirections(command, call))
      return leave_out(command,
                       "its output goes where a recipe cannot follow it: write the file "
                       "under 'files'");
    const std::string reason = import_command(call, state_, draft_);
    if (!reason.empty()) leave_out(command, reason);
  }

  void assign(const SimpleCommand& simple) {
    for (const Assignment& assignment : simple.assignments) {
      auto value = word_value(assignment.value, state_.variables);
      if (value)
        state_.variables.insert_or_assign(assignment.name, *std::move(value));
      else
        state_.variables.erase(assignment.name);
    }
  }

  /// Output to /dev/null does not count; a file may take standard output.
  bool read_redirections(const ShellCommand& command, ImageCommand& call) {
    for (const Redirection& redirection : command.redirections) {
      using Kind = Redirection::Kind;
      const bool is_output = redirection.kind == Kind::output ||
                             redirection.kind == Kind::clobber || redirection.kind == Kind::append;
      const auto target = word_value(redirection.target, state_.variables);
      if (redirection.kind == Kind::duplicate || (is_output && target == "/dev/null")) continue;
      if (redirection.kind == Kind::document && redirection.document) {
        auto text = word_value(*redirection.document, state_.variables);
        if (!text) return false;
        call.input = *std::move(text);
        continue;
      }
      if (!is_output || !target || redirection.descriptor != 1 || !call.output.empty())
        return false;
      call.output = RecipeDraft::absolute(*target, state_.folder);
      call.appends = redirection.kind == Kind::append;
    }
    return true;
  }

  void leave_out(const ShellCommand& command, std::string reason) {
    draft_.left_out.push_back({command.line, "RUN " + show_command(command), std::move(reason)});
  }

  RecipeDraft& draft_;
  CommandState state_;
};

}  // namespace

void import_run(const DockerInstruction& instruction, const RunSurroundings& surroundings,
                RecipeDraft& draft) {
  std::string script = instruction.script;
  if (instruction.is_exec_form) {
    script = join_shell_words(instruction.words);
  } else if (!instruction.documents.empty()) {
    // "RUN <<EOF" alone runs the document; with a command in front the document is its input.
    if (instruction.arguments.starts_with("<<"))
      script = "\n" + instruction.documents.front().text;
    else
      for (const DockerDocument& document : instruction.documents)
        script.append("\n").append(document.text).append(document.name);
    script += '\n';
  }
  try {
    RunImport(surroundings, draft).run(parse_script(script, instruction.line).commands);
  } catch (const Error& error) {
    draft.left_out.push_back(
        {instruction.line, instruction.str(), "it is no shell script: " + error.message()});
  }
}

}  // namespace tarn::builder
