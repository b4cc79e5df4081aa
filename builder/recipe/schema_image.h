#pragma once

#include <string>
#include <vector>

#include "builder/recipe/decode.h"
#include "builder/recipe/recipe.h"

namespace tarn::builder {

/// `exposed-ports`: "80" is "80/tcp"; each is PORT/tcp, PORT/udp or PORT/sctp.
std::vector<std::string> decode_exposed_ports(const KeyedMapping& mapping);

/// `healthcheck`.
Healthcheck decode_healthcheck(const YamlNode& node);

}  // namespace tarn::builder
