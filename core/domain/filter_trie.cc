#include "core/domain/filter_trie.h"

#include <algorithm>

namespace parley::domain {
namespace {

// The name that "%u" or "%c" at the start of `text` stands for; nullptr when neither is there.
const std::string_view* NameAt(std::string_view text, const Names& names) {
  if (text.size() < 2 || text[0] != '%') return nullptr;
  if (text[1] == 'u') return &names.user;
  return text[1] == 'c' ? &names.client : nullptr;
}

}  // namespace

bool HasPlaceholder(std::string_view text) {
  return text.find("%u") != std::string_view::npos || text.find("%c") != std::string_view::npos;
}

std::string Expand(std::string_view text, const Names& names) {
  std::string expanded;
  while (!text.empty()) {
    if (const std::string_view* name = NameAt(text, names)) {
      expanded.append(*name);
      text.remove_prefix(2);
    } else {
      expanded.push_back(text[0]);
      text.remove_prefix(1);
    }
  }
  return expanded;
}

void FilterTrie::Add(std::string_view filter, uint32_t value, bool placeholders) {
  if (nodes_.empty()) nodes_.emplace_back();
  uint32_t node = 0;
  while (true) {
    const size_t slash = filter.find('/');
    const std::string_view level = filter.substr(0, slash);
    if (level == "#") {
      nodes_[node].behind.push_back(value);
      return;
    }
    node = Step(node, level, placeholders && HasPlaceholder(level));
    if (slash == std::string_view::npos) break;
    filter.remove_prefix(slash + 1);
  }
  nodes_[node].ends.push_back(value);
}

// The child of `node` for a level of a filter, made if it is not there.
uint32_t FilterTrie::Step(uint32_t node, std::string_view level, bool placeholders) {
  const auto made = static_cast<uint32_t>(nodes_.size());
  if (level == "+") {
    if (nodes_[node].plus == 0) {
      nodes_[node].plus = made;
      nodes_.emplace_back();
    }
    return nodes_[node].plus;
  }
  std::vector<Child>& children = placeholders ? nodes_[node].patterns : nodes_[node].children;
  const auto at =
      std::lower_bound(children.begin(), children.end(), level,
                       [](const Child& child, std::string_view text) { return child.level < text; });
  if (at != children.end() && at->level == level) return at->node;
  children.insert(at, Child{std::string(level), made});
  nodes_.emplace_back();
  return made;
}

uint32_t FilterTrie::Find(const Node& node, std::string_view level) const {
  const auto at =
      std::lower_bound(node.children.begin(), node.children.end(), level,
                       [](const Child& child, std::string_view text) { return child.level < text; });
  return at != node.children.end() && at->level == level ? at->node : 0;
}

bool FilterTrie::Matches(std::string_view pattern, std::string_view level, const Names& names) {
  while (!pattern.empty()) {
    if (const std::string_view* name = NameAt(pattern, names)) {
      if (level.substr(0, name->size()) != *name) return false;
      level.remove_prefix(name->size());
      pattern.remove_prefix(2);
    } else {
      if (level.empty() || level[0] != pattern[0]) return false;
      level.remove_prefix(1);
      pattern.remove_prefix(1);
    }
  }
  return level.empty();
}

}  // namespace parley::domain
