#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tarn::builder {

enum class Align { left, right };

struct Column {
  std::string heading;
  Align align = Align::left;
};

/// Rows of text with columns as wide as their widest cell, two spaces between them.
class Table {
 public:
  explicit Table(std::vector<Column> columns);
  /// Missing cells are empty, those beyond the columns are an error of the caller.
  void add(std::vector<std::string> row);
  /// Heading and rows, each line ended by '\n', none with trailing spaces.
  std::string str() const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

/// The columns a UTF-8 text takes on a terminal, for scripts whose characters take one each.
std::size_t display_width(std::string_view text);

}  // namespace tarn::builder
