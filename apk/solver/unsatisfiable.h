#pragma once

#include <memory>
#include <string>
#include <vector>

#include "apk/solver/diagnosis.h"
#include "apk/solver/problem.h"
#include "apk/solver/solver.h"
#include "apk/support/error.h"

namespace tarn::apk {

/// There is no plan. Its text tells people the causes, in at most a dozen lines; what programs may
/// want to know lies beside it.
class UnsatisfiableError : public Error {
 public:
  struct Facts {
    Diagnosis diagnosis;
    std::vector<std::string> architectures;
    /// Where entries of world were written; empty where that is unknown.
    std::vector<std::pair<Dependency, std::string>> positions;
    std::vector<std::string> repositories;  ///< what people call them, by number

    /// Where an entry of world was written; empty when unknown.
    std::string position(const Dependency& entry) const;
  };

  UnsatisfiableError(std::string message, Facts facts)
      : Error(ErrorKind::unsatisfiable, std::move(message)),
        facts_(std::make_shared<const Facts>(std::move(facts))) {}

  const Facts& facts() const { return *facts_; }

 private:
  std::shared_ptr<const Facts> facts_;
};

/// The diagnosis told to people: what is missing or in conflict, who requires it, what exists
/// instead, and what to do. The first cause is told in full, the others in a line each.
UnsatisfiableError explain(Diagnosis diagnosis, const Request& request,
                           const Origins& origins = {});

}  // namespace tarn::apk
