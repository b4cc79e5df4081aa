#pragma once

#include "apk/support/bytes.h"

namespace tarn::builder {

/// Where octets go, in order.
class OctetSink {
 public:
  virtual ~OctetSink() = default;
  OctetSink() = default;
  OctetSink(const OctetSink&) = delete;
  OctetSink& operator=(const OctetSink&) = delete;

  /// Throws Error when they cannot be taken.
  virtual void write(ByteView bytes) = 0;
};

}  // namespace tarn::builder
