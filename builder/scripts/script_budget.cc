#include "builder/scripts/script_budget.h"

#include "apk/support/error.h"

namespace tarn::builder {

void ScriptBudget::spend_steps(std::uint64_t count) {
  if (count > left_.steps)
    throw Error(ErrorKind::failed,
                "the script was stopped: it takes too many steps and may loop without end");
  left_.steps -= count;
}

void ScriptBudget::spend_octets(std::uint64_t count) {
  if (count > left_.octets)
    throw Error(ErrorKind::failed, "the script was stopped: it writes too much");
  left_.octets -= count;
}

ScriptBudget::Level::Level(ScriptBudget& budget) : budget_(budget) {
  if (budget_.left_.depth == 0)
    throw Error(ErrorKind::failed, "the script was stopped: its calls are nested too deeply");
  --budget_.left_.depth;
}

}  // namespace tarn::builder
