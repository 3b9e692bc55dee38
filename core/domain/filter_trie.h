#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace parley::domain {

// What stands for %u and %c in a rule.
struct Names {
  std::string_view user;
  std::string_view client;
};

// True when `text` holds %u or %c.
bool HasPlaceholder(std::string_view text);
// `text` with the names in their places.
std::string Expand(std::string_view text, const Names& names);

// Many MQTT filters, asked which of them match a topic: a walk over the topic's levels, each step a look-up,
// however many filters there are. A walk visits a node at most once. Pure.
class FilterTrie {
 public:
  // `filter` is well formed. `placeholders`: its levels may hold %u and %c.
  void Add(std::string_view filter, uint32_t value, bool placeholders);

  // Calls visit(value) for each filter that matches, in no order. `topic` is not empty.
  template <typename Visit>
  void Match(std::string_view topic, const Names& names, Visit visit) const {
    if (!nodes_.empty()) Walk(0, topic, false, names, visit);
  }

 private:
  struct Child {
    std::string level;
    uint32_t node;
  };
  struct Node {
    std::vector<Child> children;   // sorted by level
    std::vector<Child> patterns;   // levels with a placeholder
    uint32_t plus = 0;             // 0 = none
    std::vector<uint32_t> ends;    // filters that end here
    std::vector<uint32_t> behind;  // filters that end with '#' behind this node
  };

  uint32_t Step(uint32_t node, std::string_view level, bool placeholders);
  uint32_t Find(const Node& node, std::string_view level) const;
  static bool Matches(std::string_view pattern, std::string_view level, const Names& names);

  // `rest`: the levels below `node`; none when `ended`.
  template <typename Visit>
  void Walk(uint32_t index, std::string_view rest, bool ended, const Names& names, Visit& visit) const {
    const Node& node = nodes_[index];
    const bool wild = index != 0 || rest[0] != '$';  // no wildcard of a first level matches a '$'
    if (wild) {
      for (const uint32_t value : node.behind) visit(value);
    }
    if (ended) {
      for (const uint32_t value : node.ends) visit(value);
      return;
    }
    const size_t slash = rest.find('/');
    const std::string_view level = rest.substr(0, slash);
    const bool last = slash == std::string_view::npos;
    const std::string_view below = last ? std::string_view() : rest.substr(slash + 1);
    if (const uint32_t child = Find(node, level); child != 0) Walk(child, below, last, names, visit);
    if (node.plus != 0 && wild) Walk(node.plus, below, last, names, visit);
    for (const Child& pattern : node.patterns) {
      if (Matches(pattern.level, level, names)) Walk(pattern.node, below, last, names, visit);
    }
  }

  std::vector<Node> nodes_;
};

}  // namespace parley::domain
