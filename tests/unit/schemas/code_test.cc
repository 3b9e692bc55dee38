#include "schemas/code.h"

#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace parley {
namespace {

TEST(CodeTable, HasOneEntryForEachValueOfTheEnum) {
  const auto* descriptor = v1::Code_descriptor();
  ASSERT_EQ(static_cast<size_t>(descriptor->value_count()), CodeTable().size());
  for (int i = 0; i < descriptor->value_count(); ++i) {
    const CodeEntry& entry = CodeTable()[static_cast<size_t>(i)];
    EXPECT_EQ(descriptor->value(i)->number(), static_cast<int>(entry.code));
    EXPECT_EQ(descriptor->value(i)->name(), entry.name);
  }
}

TEST(CodeTable, NumbersAreThoseOfGrpc) {
  EXPECT_EQ(static_cast<int>(Code::OK), 0);
  EXPECT_EQ(static_cast<int>(Code::INVALID_ARGUMENT), 3);
  EXPECT_EQ(static_cast<int>(Code::NOT_FOUND), 5);
  EXPECT_EQ(static_cast<int>(Code::ALREADY_EXISTS), 6);
  EXPECT_EQ(static_cast<int>(Code::PERMISSION_DENIED), 7);
  EXPECT_EQ(static_cast<int>(Code::RESOURCE_EXHAUSTED), 8);
  EXPECT_EQ(static_cast<int>(Code::FAILED_PRECONDITION), 9);
  EXPECT_EQ(static_cast<int>(Code::UNIMPLEMENTED), 12);
  EXPECT_EQ(static_cast<int>(Code::INTERNAL), 13);
  EXPECT_EQ(static_cast<int>(Code::UNAVAILABLE), 14);
  EXPECT_EQ(static_cast<int>(Code::UNAUTHENTICATED), 16);
}

TEST(CodeTable, EveryMappingIsOfItsKind) {
  std::set<int> exit_codes;
  for (const CodeEntry& entry : CodeTable()) {
    SCOPED_TRACE(entry.name);
    const bool ok = entry.code == Code::OK;
    EXPECT_EQ(entry.mqtt_reason >= 0x80, !ok);  // MQTT 5: 0x80 and above are failures.
    EXPECT_EQ(entry.exit_code != 0, !ok);
    EXPECT_GE(entry.exit_code, 0);
    EXPECT_LT(entry.exit_code, 126);  // 126 and above belong to the shell.
    EXPECT_EQ(entry.http_status >= 400, !ok);
    EXPECT_LT(entry.http_status, 600);
    EXPECT_TRUE(exit_codes.insert(entry.exit_code).second) << "a script must be able to tell codes apart";
  }
}

TEST(Describe, FindsEveryCode) {
  for (const CodeEntry& entry : CodeTable()) EXPECT_EQ(&Describe(entry.code), &entry);
  EXPECT_EQ(CodeName(Code::NOT_FOUND), "NOT_FOUND");
}

TEST(Describe, ReadsAnUnknownNumberAsInternal) {
  for (const int number : {1, 2, 4, 10, 11, 15, 17, 1000, -1}) {
    EXPECT_EQ(Describe(static_cast<Code>(number)).code, Code::INTERNAL) << number;
  }
}

}  // namespace
}  // namespace parley
