#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/domain/filter_trie.h"
#include "parley/internal/v1/state.pb.h"
#include "schemas/names.h"
#include "schemas/result.h"

namespace parley::domain {

using internal::v1::BindingRecord;

// Which plain topics are bound to which rooms. Pure.
class BindingTable {
 public:
  // Replaces the one of the same filter and room.
  void Put(const BindingRecord& record);
  void Erase(std::string_view filter, Rid rid);

  const BindingRecord* Find(std::string_view filter, Rid rid) const;
  // The bindings that a topic falls under, each room once (that of the first filter in byte order).
  std::vector<const BindingRecord*> Match(std::string_view topic) const;

  // Sorted by filter, then room.
  const std::vector<BindingRecord>& all() const { return records_; }

 private:
  std::vector<BindingRecord> records_;
  mutable std::shared_ptr<const FilterTrie> trie_;  // values: places in records_; made when first asked for
};

// INVALID_ARGUMENT, and why, for a filter that cannot be bound.
Status CheckBindingFilter(std::string_view filter);

}  // namespace parley::domain
