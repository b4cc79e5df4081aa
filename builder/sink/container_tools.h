#pragma once

#include <filesystem>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "builder/sink/program.h"
#include "builder/sink/sink.h"

namespace tarn::builder {

/// What keeps images on this machine.
enum class ContainerToolType {
  docker,
  podman,
  containerd,  ///< by nerdctl, else ctr
  kind,        ///< a cluster of kind
};

/// A program of this machine that takes images in.
struct ContainerTool {
  ContainerToolType type = ContainerToolType::docker;
  std::filesystem::path program;
  std::string cluster;             ///< of kind; empty: kind's default
  std::vector<std::string> flags;  ///< the person's: before the program's command, of kind after it
};

/// "docker", "podman", "nerdctl", "ctr", "kind" or "kind:CLUSTER".
std::string name_of(const ContainerTool& tool);

/// The tool that `wanted` names: "docker", "podman", "containerd", "kind" or "kind:CLUSTER". Where
/// it is empty the first of docker, podman and containerd that is there and answers with `flags`.
/// Throws Error: usage for another name, failed when it is not installed or none answers.
ContainerTool find_container_tool(std::string_view wanted, std::vector<std::string> flags,
                                  const std::stop_token& stop);

/// Hands the images over as a hybrid archive: on the tool's standard input, to kind in a file in
/// `scratch`. The tool has the whole environment of this process. Gives what it said. Throws Error
/// (failed) with the last of that when it refuses them.
ProgramSaid load_images(const ContainerTool& tool, const Images& images,
                        const std::filesystem::path& scratch, const std::stop_token& stop);

}  // namespace tarn::builder
