#include "bridge/feed/effects.h"

#include <utility>

namespace parley::bridge {

Result<std::optional<std::string>> FeedEffects::Get(const std::string& key) const {
  for (const FeedEffects* at = this; at != nullptr; at = at->whole_) {
    if (const auto found = at->rows_.find(key); found != at->rows_.end()) return found->second;
  }
  return store_.Get(prefix_ + key);
}

void FeedEffects::Publish(FeedPublication publication, const std::string& key) {
  if (!key.empty()) {
    const auto [place, is_new] = place_of_key_.emplace(key, publications_.size());
    if (!is_new) {
      publications_[place->second] = std::move(publication);
      return;
    }
  }
  publications_.push_back(std::move(publication));
  keys_.push_back(key);
}

void FeedEffects::Keep() {
  for (auto& [key, value] : rows_) whole_->rows_[key] = std::move(value);
  rows_.clear();
  for (size_t i = 0; i < publications_.size(); ++i) whole_->Publish(std::move(publications_[i]), keys_[i]);
  publications_.clear();
  keys_.clear();
  place_of_key_.clear();
}

void FeedEffects::AddTo(store::LocalBatch& batch) const {
  for (const auto& [key, value] : rows_) {
    if (value) {
      batch.Put(prefix_ + key, *value);
    } else {
      batch.Delete(prefix_ + key);
    }
  }
}

}  // namespace parley::bridge
