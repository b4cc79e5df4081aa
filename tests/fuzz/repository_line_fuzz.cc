// Any text as repository lines: what is read has places, a line that reads the same, and shows no
// credentials.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "apk/model/repository.h"
#include "apk/support/error.h"
#include "expect.h"

namespace {

using tarn::apk::Repository;
using tarn::apk::Variables;
using tarn::test::expect;

void check(const Repository& repository) {
  const auto index = repository.index_url("x86_64");
  expect(index.host() == repository.url.host(), "the index lies on the repository's host");
  (void)repository.label();
  const auto& url = repository.url;
  expect(!url.without_credentials().has_credentials(), "credentials are gone");
  expect(tarn::redact_urls(url.str()) == url.str(), "a shown URL has no secrets");
  if (url.path().find("${") != std::string::npos) return;
  Variables none;
  const auto again = tarn::apk::parse_repository_line(repository.line(), none);
  expect(again.size() == 1 && again.front().tag == repository.tag, "a line names one repository");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  Variables variables = {{"v", "1"}};
  while (!input.empty()) {
    const auto end = std::min(input.find('\n'), input.size());
    try {
      for (const auto& repository :
           tarn::apk::parse_repository_line(input.substr(0, end), variables))
        check(repository);
    } catch (const tarn::Error&) {
    }
    input.remove_prefix(std::min(end + 1, input.size()));
  }
  return 0;
}
