#include "client/session/control_table.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "client/session/limits.h"

namespace parley::client {
namespace {

using Json = nlohmann::json;

class ControlTableTest : public testing::Test {
 protected:
  ControlTableTest() {
    Effects none;
    table_.SetReady(true, none);
  }

  // The published list, as JSON.
  Json Published(int64_t now_ms = 0) {
    Effects effects;
    table_.Pump(now_ms, effects);
    return effects.empty() ? Json() : Json::parse(std::get<PublishTo>(effects.at(0)).payload);
  }

  // The answers to commands in a published list, as the server sends them.
  static Json AnswersTo(const Json& published) {
    Json responses = Json::array();
    for (const Json& command : published["commands"]) {
      responses.push_back({{"command", command["command"]}, {"correlationData", command["correlationData"]}});
    }
    return responses;
  }

  Effects Respond(const Json& responses) {
    Effects effects;
    table_.OnResponse(Json{{"responses", responses}}.dump(), effects);
    return effects;
  }

  ControlTable table_;
};

TEST_F(ControlTableTest, AnswersComeInTheOrderOfTheCommands) {
  ASSERT_TRUE(table_.Add(1, {R"({"command":"createUser","username":"bob"})", R"({"command":"listUsers"})"}));
  const Json published = Published();
  EXPECT_EQ(published["commands"][0]["username"], "bob");
  Json answers = AnswersTo(published);
  std::swap(answers[0], answers[1]);
  const Effects effects = Respond(answers);
  ASSERT_EQ(effects.size(), 1u);
  const auto& done = std::get<ControlDone>(effects[0]);
  EXPECT_EQ(done.list, 1u);
  ASSERT_EQ(done.outcome->size(), 2u);
  EXPECT_EQ(Json::parse(done.outcome->at(0))["command"], "createUser");
  EXPECT_EQ(Json::parse(done.outcome->at(1))["command"], "listUsers");
}

TEST_F(ControlTableTest, TheCallersCorrelationDataComesBack) {
  ASSERT_TRUE(table_.Add(1, {R"({"command":"stats","correlationData":"mine"})", R"({"command":"stats"})"}));
  const Effects effects = Respond(AnswersTo(Published()));
  const auto& done = std::get<ControlDone>(effects.at(0));
  EXPECT_EQ(Json::parse(done.outcome->at(0))["correlationData"], "mine");
  EXPECT_FALSE(Json::parse(done.outcome->at(1)).contains("correlationData"));
}

TEST_F(ControlTableTest, AnswersMayComeInPartsAndForListsAtOnce) {
  ASSERT_TRUE(table_.Add(1, {R"({"command":"a"})", R"({"command":"b"})"}));
  ASSERT_TRUE(table_.Add(2, {R"({"command":"c"})"}));
  Effects published;
  table_.Pump(0, published);
  const Json first = AnswersTo(Json::parse(std::get<PublishTo>(published.at(0)).payload));
  const Json second = AnswersTo(Json::parse(std::get<PublishTo>(published.at(1)).payload));
  EXPECT_TRUE(Respond(Json::array({first[0]})).empty());
  EXPECT_EQ(std::get<ControlDone>(Respond(second).at(0)).list, 2u);
  EXPECT_EQ(std::get<ControlDone>(Respond(Json::array({first[1]})).at(0)).list, 1u);
}

TEST_F(ControlTableTest, AListThatIsRefusedAsAWholeEnds) {
  ASSERT_TRUE(table_.Add(1, {R"({"command":"stats"})"}));
  Published();
  const Effects effects =
      Respond(Json::array({{{"error", "too many lists"}, {"code", "RESOURCE_EXHAUSTED"}}}));
  EXPECT_EQ(std::get<ControlDone>(effects.at(0)).outcome.error().code, Code::RESOURCE_EXHAUSTED);
}

TEST_F(ControlTableTest, ALostConnectionEndsWhatWasSentAndNothingIsSentTwice) {
  ASSERT_TRUE(table_.Add(1, {R"({"command":"stats"})"}));
  Published();
  ASSERT_TRUE(table_.Add(2, {R"({"command":"stats"})"}));
  Effects effects;
  table_.SetReady(false, effects);
  ASSERT_EQ(effects.size(), 1u);
  EXPECT_EQ(std::get<ControlDone>(effects[0]).list, 1u);
  EXPECT_EQ(std::get<ControlDone>(effects[0]).outcome.error().code, Code::UNAVAILABLE);
  table_.SetReady(true, effects);
  EXPECT_FALSE(Published().is_null());
  EXPECT_TRUE(Published().is_null());
}

TEST_F(ControlTableTest, TheTimeOutGrowsWithTheLength) {
  ASSERT_TRUE(table_.Add(1, std::vector<std::string>(100, R"({"command":"createUser"})")));
  Published(0);
  const int64_t wait_ms = limits::kControlWaitMs + 100 * limits::kControlWaitPerCommandMs;
  Effects effects;
  table_.Pump(wait_ms - 1, effects);
  EXPECT_TRUE(effects.empty());
  table_.Pump(wait_ms, effects);
  EXPECT_EQ(std::get<ControlDone>(effects.at(0)).outcome.error().code, Code::UNAVAILABLE);
}

TEST_F(ControlTableTest, RefusesWhatIsNoCommand) {
  for (const char* bad : {"", "[]", "7", "{}", "{\"command\"", "\"stats\""}) {
    EXPECT_EQ(table_.Add(1, {bad}).error().code, Code::INVALID_ARGUMENT) << bad;
  }
  EXPECT_EQ(table_.Add(1, {}).error().code, Code::INVALID_ARGUMENT);
}

TEST_F(ControlTableTest, IgnoresAnswersThatMakeNoSense) {
  ASSERT_TRUE(table_.Add(1, {R"({"command":"stats"})"}));
  Published();
  Effects effects;
  for (const char* bad : {"", "[]", "{}", R"({"responses":7})", R"({"responses":[7]})",
                          R"({"responses":[{"command":"x","correlationData":"9.9"}]})",
                          R"({"responses":[{"command":"x","correlationData":"1.7"}]})",
                          R"({"responses":[{"command":"x","correlationData":{"a":1}}]})"}) {
    table_.OnResponse(bad, effects);
  }
  EXPECT_TRUE(effects.empty());
}

}  // namespace
}  // namespace parley::client
