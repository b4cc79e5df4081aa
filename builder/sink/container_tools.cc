#include "builder/sink/container_tools.h"

#include <map>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

#include "apk/support/file.h"

namespace tarn::builder {
namespace {

using Words = std::vector<std::string>;

/// The person's environment, which tells the tool where its daemon and its storage are; but for
/// what run_program sets itself.
std::map<std::string, std::string> own_environment() {
  std::map<std::string, std::string> variables;
  for (char** line = environ; *line != nullptr; ++line) {
    const std::string_view text(*line);
    const std::size_t equals = text.find('=');
    const std::string_view name = text.substr(0, equals);
    if (equals == std::string_view::npos || name == "PATH" || name == "LC_ALL" || name == "TZ")
      continue;
    variables.emplace(name, text.substr(equals + 1));
  }
  return variables;
}

ProgramCall call_of(const ContainerTool& tool, const Words& command) {
  ProgramCall call{.program = tool.program,
                   .arguments = {},
                   .environment = own_environment(),
                   .input = {},
                   .folder = {}};
  const bool flags_first = tool.type != ContainerToolType::kind;
  if (flags_first) call.arguments = tool.flags;
  call.arguments.insert(call.arguments.end(), command.begin(), command.end());
  if (!flags_first)
    call.arguments.insert(call.arguments.end(), tool.flags.begin(), tool.flags.end());
  return call;
}

/// Of containerd's two clients.
bool is_ctr(const ContainerTool& tool) {
  return tool.type == ContainerToolType::containerd && tool.program.filename() == "ctr";
}

/// A command that fails when the tool cannot do its work.
Words asking_command(const ContainerTool& tool) {
  if (tool.type == ContainerToolType::kind) return {"get", "clusters"};
  if (is_ctr(tool)) return {"version"};
  return {"info"};
}

Words loading_command(const ContainerTool& tool) {
  if (is_ctr(tool)) return {"images", "import", "-"};
  return {"load"};
}

std::optional<ContainerTool> installed(ContainerToolType type, const Words& programs,
                                       const Words& flags) {
  for (const std::string& name : programs)
    if (auto program = find_program(name))
      return ContainerTool{.type = type, .program = *program, .cluster = {}, .flags = flags};
  return std::nullopt;
}

struct KnownTool {
  std::string_view name;
  ContainerToolType type;
  Words programs;
};

const std::vector<KnownTool>& known_tools() {
  static const std::vector<KnownTool> tools = {
      {"docker", ContainerToolType::docker, {"docker"}},
      {"podman", ContainerToolType::podman, {"podman"}},
      {"containerd", ContainerToolType::containerd, {"nerdctl", "ctr"}},
      {"kind", ContainerToolType::kind, {"kind"}},
  };
  return tools;
}

/// Nothing when the tool answers, else why it does not.
std::optional<std::string> refusal(const ContainerTool& tool, const std::stop_token& stop) {
  try {
    run_program(call_of(tool, asking_command(tool)), stop);
    return std::nullopt;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) throw;
    return error.details().empty() ? error.message() : error.details().back().second;
  }
}

ContainerTool first_that_answers(const Words& flags, const std::stop_token& stop) {
  Error error(ErrorKind::failed, "no tool that runs containers answers");
  for (const KnownTool& known : known_tools()) {
    // Which of kind's clusters is meant only the person knows.
    if (known.type == ContainerToolType::kind) continue;
    const auto tool = installed(known.type, known.programs, flags);
    if (!tool) {
      error.detail(std::string(known.name), "not installed");
      continue;
    }
    const auto why = refusal(*tool, stop);
    if (!why) return *tool;
    error.detail(std::string(known.name), *why);
  }
  throw error.hint(
      "install or start one of them, or build a file: tarn build RECIPE TAG IMAGE.tar");
}

Words kind_command(const ContainerTool& tool, const std::filesystem::path& archive) {
  Words command = {"load", "image-archive", archive.string()};
  if (!tool.cluster.empty()) command.insert(command.end(), {"--name", tool.cluster});
  return command;
}

class ArchiveFile final : public OctetSink {
 public:
  explicit ArchiveFile(const std::filesystem::path& path) : file_(path) {}
  void write(ByteView bytes) override { file_.write(bytes); }
  void commit() { file_.commit(); }

 private:
  AtomicFile file_;
};

}  // namespace

std::string name_of(const ContainerTool& tool) {
  const std::string name = tool.program.filename().string();
  return tool.cluster.empty() ? name : name + ":" + tool.cluster;
}

ContainerTool find_container_tool(std::string_view wanted, std::vector<std::string> flags,
                                  const std::stop_token& stop) {
  if (wanted.empty()) return first_that_answers(flags, stop);
  const std::size_t colon = wanted.find(':');
  const std::string_view name = wanted.substr(0, colon);
  for (const KnownTool& known : known_tools()) {
    if (known.name != name) continue;
    const bool has_cluster = colon != std::string_view::npos;
    if (has_cluster && (known.type != ContainerToolType::kind || wanted.substr(colon + 1).empty()))
      break;
    auto tool = installed(known.type, known.programs, flags);
    if (!tool)
      throw Error(ErrorKind::failed,
                  fmt::format("{} is not installed", fmt::join(known.programs, " or ")));
    if (has_cluster) tool->cluster = wanted.substr(colon + 1);
    return *tool;
  }
  throw Error(ErrorKind::usage, fmt::format("--into {}: no such place", wanted))
      .hint("it is docker, podman, containerd, kind or kind:CLUSTER");
}

ProgramSaid load_images(const ContainerTool& tool, const Images& images,
                        const std::filesystem::path& scratch, const std::stop_token& stop) {
  if (tool.type != ContainerToolType::kind) {
    ProgramCall call = call_of(tool, loading_command(tool));
    call.input = [&](OctetSink& input) { write_archive(images, ArchiveForm::hybrid, input, stop); };
    return run_program(call, stop);
  }
  // It opens the archive once for every node.
  const TemporaryDirectory folder(scratch / ".tarn-load-");
  const auto path = folder.path() / "image.tar";
  ArchiveFile file(path);
  write_archive(images, ArchiveForm::hybrid, file, stop);
  file.commit();
  return run_program(call_of(tool, kind_command(tool, path)), stop);
}

}  // namespace tarn::builder
