#pragma once

#include <array>

namespace tarn::builder {

/// A line of what holds for every command: shown in the program's help and in its manual.
struct ProgramNote {
  const char* name;
  const char* meaning;
};

constexpr std::array exit_statuses = {
    ProgramNote{"0", "done"},
    ProgramNote{"1", "failed"},
    ProgramNote{"2", "wrong usage or recipe"},
    ProgramNote{"3", "unsatisfiable: there is no plan"},
    ProgramNote{"4", "network or registry"},
    ProgramNote{"5", "trust: signature or checksum"},
    ProgramNote{"130", "interrupted"},
};

constexpr std::array environment_variables = {
    ProgramNote{"TARN_CACHE", "the cache folder"},
    ProgramNote{"TARN_TRACE", "a file to which a trace of the run is written"},
    ProgramNote{"SOURCE_DATE_EPOCH",
                "seconds since 1970: when the image was created; no file in it is younger"},
    ProgramNote{"http_proxy, https_proxy, no_proxy", "proxies"},
    ProgramNote{"NETRC", "credentials for repositories, in place of those in ~/.netrc"},
    ProgramNote{"SSL_CERT_FILE", "certificates to trust in place of the system's (PEM)"},
    ProgramNote{"NO_COLOR", "no colours"},
};

}  // namespace tarn::builder
