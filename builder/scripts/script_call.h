#pragma once

#include <map>
#include <string>
#include <vector>

namespace tarn::builder {

/// A script and how it is called.
struct ScriptCall {
  std::string name;  ///< $0: "lib/apk/exec/nginx-1.24.0-r1.pre-install"
  std::vector<std::string> arguments;
  std::map<std::string, std::string> environment;
  std::string text;
};

struct ScriptResult {
  int status = 0;
  std::string output;  ///< standard output and error output as they came
};

}  // namespace tarn::builder
