#include "schemas/filter.h"

#include <algorithm>
#include <string>

#include "schemas/json.h"
#include "schemas/topic.h"

namespace parley {
namespace {

constexpr size_t kFilterBytesMax = 65'535;
constexpr size_t kLevelsMax = 200;  // Mosquitto refuses more

Error Invalid(const char* reason) {
  return {Code::INVALID_ARGUMENT, reason};
}

// Walks a filter level by level.
class Levels {
 public:
  explicit Levels(std::string_view filter) : rest_(filter) { Cut(); }
  bool done() const { return done_; }
  std::string_view level() const { return level_; }
  bool IsLast() const { return last_; }
  void Next() {
    if (last_) {
      done_ = true;
    } else {
      Cut();
    }
  }

 private:
  void Cut() {
    const size_t slash = rest_.find('/');
    level_ = rest_.substr(0, slash);
    last_ = slash == std::string_view::npos;
    rest_ = last_ ? std::string_view() : rest_.substr(slash + 1);
  }

  std::string_view rest_;
  std::string_view level_;
  bool last_ = false;
  bool done_ = false;
};

bool IsWild(std::string_view filter) {
  return !filter.empty() && (filter[0] == '+' || filter[0] == '#');
}
bool IsDollar(std::string_view filter) {
  return !filter.empty() && filter[0] == '$';
}

}  // namespace

Status CheckFilter(std::string_view filter) {
  if (filter.empty()) return Invalid("a filter is not empty");
  if (filter.size() > kFilterBytesMax) return Invalid("a filter has at most 65535 bytes");
  if (!IsUtf8(filter)) return Invalid("a filter is UTF-8");
  if (std::any_of(filter.begin(), filter.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; })) {
    return Invalid("a filter has no control characters");
  }
  size_t count = 0;
  for (Levels levels(filter); !levels.done(); levels.Next()) {
    const std::string_view level = levels.level();
    if (++count > kLevelsMax) return Invalid("a filter has at most 200 levels");
    if (level == "+" || (level == "#" && levels.IsLast())) continue;
    if (level.find('+') != std::string_view::npos) return Invalid("'+' stands alone in its level");
    if (level.find('#') != std::string_view::npos) return Invalid("'#' stands alone in the last level");
  }
  return {};
}

bool Covers(std::string_view wide, std::string_view narrow) {
  if (IsWild(wide) && IsDollar(narrow)) return false;
  Levels outer(wide);
  Levels inner(narrow == "#" ? "+/#" : narrow);  // the same topics: each has a first level
  for (; !outer.done(); outer.Next(), inner.Next()) {
    if (outer.level() == "#") return true;  // also the level above: "a/#" covers "a"
    if (inner.done() || inner.level() == "#") return false;
    if (outer.level() != "+" && outer.level() != inner.level()) return false;
  }
  return inner.done();
}

bool Overlap(std::string_view one, std::string_view other) {
  if ((IsWild(one) && IsDollar(other)) || (IsWild(other) && IsDollar(one))) return false;
  Levels a(one);
  Levels b(other);
  for (; !a.done() && !b.done(); a.Next(), b.Next()) {
    if (a.level() == "#" || b.level() == "#") return true;
    if (a.level() != "+" && b.level() != "+" && a.level() != b.level()) return false;
  }
  return (a.done() || a.level() == "#") && (b.done() || b.level() == "#");
}

}  // namespace parley
