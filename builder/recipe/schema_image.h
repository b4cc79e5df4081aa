#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "builder/recipe/decode.h"
#include "builder/recipe/recipe.h"

namespace tarn::builder {

/// `exposed-ports`: "80" is "80/tcp"; each is PORT/tcp, PORT/udp or PORT/sctp.
std::vector<std::string> decode_exposed_ports(const KeyedMapping& mapping);

/// A sum of whole numbers with units, the largest first or not: "1m30s", "500ms"; at most a year.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

/// `healthcheck`.
Healthcheck decode_healthcheck(const YamlNode& node);

}  // namespace tarn::builder
