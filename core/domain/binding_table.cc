#include "core/domain/binding_table.h"

#include <algorithm>
#include <tuple>

#include "schemas/filter.h"
#include "schemas/limits.h"

namespace parley::domain {
namespace {

auto FindIn(std::vector<BindingRecord>& records, std::string_view filter, Rid rid) {
  return std::find_if(records.begin(), records.end(), [&](const BindingRecord& record) {
    return record.filter() == filter && record.rid() == rid.value;
  });
}

}  // namespace

void BindingTable::Put(const BindingRecord& record) {
  Erase(record.filter(), Rid{record.rid()});
  const auto place = std::upper_bound(
      records_.begin(), records_.end(), record, [](const BindingRecord& a, const BindingRecord& b) {
        return std::tie(a.filter(), a.room()) < std::tie(b.filter(), b.room());
      });
  records_.insert(place, record);
  trie_.reset();
}

void BindingTable::Erase(std::string_view filter, Rid rid) {
  const auto found = FindIn(records_, filter, rid);
  if (found == records_.end()) return;
  records_.erase(found);
  trie_.reset();
}

const BindingRecord* BindingTable::Find(std::string_view filter, Rid rid) const {
  const auto found = std::find_if(records_.begin(), records_.end(), [&](const BindingRecord& record) {
    return record.filter() == filter && record.rid() == rid.value;
  });
  return found == records_.end() ? nullptr : &*found;
}

std::vector<const BindingRecord*> BindingTable::Match(std::string_view topic) const {
  std::vector<const BindingRecord*> matching;
  if (records_.empty() || topic.empty()) return matching;
  if (trie_ == nullptr) {
    auto trie = std::make_shared<FilterTrie>();
    for (uint32_t i = 0; i < records_.size(); ++i) trie->Add(records_[i].filter(), i, /*placeholders=*/false);
    trie_ = std::move(trie);
  }
  std::vector<uint32_t> places;
  trie_->Match(topic, {}, [&places](uint32_t place) { places.push_back(place); });
  std::sort(places.begin(), places.end());
  for (const uint32_t place : places) {
    const BindingRecord& record = records_[place];
    const bool known = std::any_of(matching.begin(), matching.end(), [&record](const BindingRecord* other) {
      return other->rid() == record.rid();
    });
    if (!known) matching.push_back(&record);
  }
  return matching;
}

Status CheckBindingFilter(std::string_view filter) {
  const auto invalid = [](const char* reason) { return Error{Code::INVALID_ARGUMENT, reason}; };
  if (filter.size() > limits::kRuleTopicBytesMax) return invalid("filter: at most 1024 bytes");
  if (Status checked = CheckFilter(filter); !checked) return std::move(checked).error().Within("filter");
  if (filter[0] == '$') return invalid("filter: topics that start with $ cannot be bound");
  if (Overlap(filter, "chat/v1/#")) {
    return invalid("filter: it can match topics of chat/v1, which are rooms already; bind a narrower one");
  }
  return {};
}

}  // namespace parley::domain
