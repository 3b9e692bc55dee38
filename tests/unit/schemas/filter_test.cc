#include "schemas/filter.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "schemas/topic.h"

namespace parley {
namespace {

TEST(Filter, WellFormedOnesArePassed) {
  for (const char* filter :
       {"a", "/", "a/b", "+", "#", "+/+/#", "a/#", "$SYS/#", "a//b", "%u/x", "with space", "ä/ö"}) {
    EXPECT_TRUE(CheckFilter(filter)) << filter;
  }
  std::string deep = "0";
  for (int i = 1; i < 200; ++i) deep += "/x";
  EXPECT_TRUE(CheckFilter(deep));
}

TEST(Filter, MalformedOnesAreRefusedWithAReason) {
  std::string deep = "0";
  for (int i = 1; i < 201; ++i) deep += "/x";
  const std::string bad[] = {"",     "a#",   "#/a",  "a/#/b",
                             "a+",   "+a/b", "a/+b", std::string("a\0b", 3),
                             "a\nb", "\x7f", "\xff", std::string(65'536, 'x'),
                             deep};
  for (const std::string& filter : bad) {
    const Status checked = CheckFilter(filter);
    ASSERT_FALSE(checked) << filter;
    EXPECT_EQ(checked.error().code, Code::INVALID_ARGUMENT);
    EXPECT_FALSE(checked.error().reason.empty());
  }
}

// All texts of up to three levels of this alphabet.
std::vector<std::string> All(const std::vector<std::string>& levels) {
  std::vector<std::string> all = levels;
  for (size_t length = 2, from = 0; length <= 3; ++length) {
    const size_t to = all.size();
    for (size_t i = from; i < to; ++i) {
      for (const std::string& level : levels) all.push_back(all[i] + "/" + level);
    }
    from = to;
  }
  return all;
}

// Which topics a filter matches, by the words of the standard alone.
bool Matches(std::string_view filter, std::string_view topic) {
  if (topic.substr(0, 1) == "$" && (filter[0] == '+' || filter[0] == '#')) return false;
  while (true) {
    if (filter == "#") return true;
    const size_t f = filter.find('/');
    const size_t t = topic.find('/');
    const std::string_view level = filter.substr(0, f);
    if (level != "+" && level != topic.substr(0, t)) return false;
    const bool filter_ends = f == std::string_view::npos;
    const bool topic_ends = t == std::string_view::npos;
    if (topic_ends) return filter_ends || filter.substr(f + 1) == "#";
    if (filter_ends) return false;
    filter.remove_prefix(f + 1);
    topic.remove_prefix(t + 1);
  }
}

// By brute force: four levels of topics are enough to tell two filters of three levels apart.
TEST(Filter, CoverAndOverlapAgreeWithTheTopicsThemselves) {
  std::vector<std::string> topics = All({"a", "b", "", "$x"});
  for (size_t i = 0, n = topics.size(); i < n; ++i) topics.push_back(topics[i] + "/q");
  for (const char* topic : {"z", "a/z", "z/a", "a/b/z/q", "z/z/z"}) topics.emplace_back(topic);
  std::vector<std::string> filters;
  for (const std::string& filter : All({"a", "b", "+", "#", "", "$x"})) {
    if (CheckFilter(filter)) filters.push_back(filter);
  }
  std::vector<std::vector<bool>> matched;
  for (const std::string& filter : filters) {
    matched.emplace_back();
    for (const std::string& topic : topics) matched.back().push_back(Matches(filter, topic));
  }
  for (size_t i = 0; i < filters.size(); ++i) {
    for (size_t j = 0; j < filters.size(); ++j) {
      bool overlap = false;
      bool covers = true;
      for (size_t t = 0; t < topics.size(); ++t) {
        overlap = overlap || (matched[i][t] && matched[j][t]);
        covers = covers && (matched[i][t] || !matched[j][t]);
      }
      EXPECT_EQ(Overlap(filters[i], filters[j]), overlap) << filters[i] << " and " << filters[j];
      EXPECT_EQ(Covers(filters[i], filters[j]), covers) << filters[i] << " over " << filters[j];
    }
    for (size_t t = 0; t < topics.size(); ++t) {
      EXPECT_EQ(Covers(filters[i], topics[t]), matched[i][t]) << filters[i] << " over topic " << topics[t];
    }
  }
}

}  // namespace
}  // namespace parley
