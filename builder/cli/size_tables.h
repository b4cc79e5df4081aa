#pragma once

#include <cstddef>
#include <string>

#include "builder/report/size_report.h"

namespace tarn::builder {

/// A report for a terminal, in tables of at most `most` rows (0: all); what is left out is one row
/// more, so that each column adds up to the whole.
std::string size_tables(const SizeReport& report, std::size_t most);

}  // namespace tarn::builder
