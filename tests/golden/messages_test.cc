// The bytes of every protobuf message that is stored or sent. tests/golden/messages/{message}[.{member of a
// oneof}] holds three parts: the message as protobuf's text, its bytes in hexadecimal, and its JSON twin. A
// file is never changed; a new field gets a file of its own (PARLEY_GOLDEN_WRITE=folder writes what is
// missing).

#include <memory>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/text_format.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include "parley/internal/v1/command.pb.h"
#include "parley/internal/v1/envelope.pb.h"
#include "parley/internal/v1/push.pb.h"
#include "parley/internal/v1/state.pb.h"
#include "parley/v1/message.pb.h"
#include "parley/v1/push.pb.h"
#include "parley/v1/request.pb.h"
#include "schemas/json.h"
#include "tests/golden/golden_file.h"

namespace parley::testing {
namespace {

namespace fs = std::filesystem;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::MessageFactory;
using google::protobuf::OneofDescriptor;
using google::protobuf::Reflection;
using google::protobuf::TextFormat;
using google::protobuf::util::MessageDifferencer;
using ::testing::IsEmpty;

// All message types of our files, nested ones included.
std::vector<const Descriptor*> AllTypes() {
  std::vector<const Descriptor*> types;
  for (const auto* file :
       {v1::Event::descriptor()->file(), v1::Reply::descriptor()->file(),
        v1::QuietHours::descriptor()->file(), internal::v1::Command::descriptor()->file(),
        internal::v1::RequestEnvelope::descriptor()->file(), internal::v1::PushItem::descriptor()->file(),
        internal::v1::UserRecord::descriptor()->file()}) {
    for (int i = 0; i < file->message_type_count(); ++i) types.push_back(file->message_type(i));
  }
  for (size_t i = 0; i < types.size(); ++i) {
    for (int k = 0; k < types[i]->nested_type_count(); ++k) types.push_back(types[i]->nested_type(k));
  }
  return types;
}

std::unique_ptr<Message> New(const Descriptor* type) {
  return std::unique_ptr<Message>(MessageFactory::generated_factory()->GetPrototype(type)->New());
}

// Sets a field to a value that differs from field to field; a repeated one twice.
void Fill(Message& message, const FieldDescriptor* field);

// Every field; of a real oneof the chosen member, or its first.
void FillAll(Message& message, const FieldDescriptor* chosen) {
  const Descriptor* type = message.GetDescriptor();
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    const OneofDescriptor* oneof = field->real_containing_oneof();
    const bool taken = oneof == nullptr || (chosen != nullptr ? field == chosen : field == oneof->field(0));
    if (taken) Fill(message, field);
  }
}

void Fill(Message& message, const FieldDescriptor* field) {
  const Reflection& reflection = *message.GetReflection();
  const auto number = static_cast<uint32_t>(field->number());
  for (int round = 0; round < (field->is_repeated() ? 2 : 1); ++round) {
    const auto set = [&](auto setter, auto adder, auto value) {
      field->is_repeated() ? (reflection.*adder)(&message, field, value)
                           : (reflection.*setter)(&message, field, value);
    };
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING: {
        std::string text = field->name() + (round == 0 ? "" : "-2");
        if (field->type() == FieldDescriptor::TYPE_BYTES) text += std::string("\0\xff", 2);
        set(&Reflection::SetString, &Reflection::AddString, text);
        break;
      }
      case FieldDescriptor::CPPTYPE_UINT64:
        set(&Reflection::SetUInt64, &Reflection::AddUInt64, (uint64_t{1} << 40) + number);
        break;
      case FieldDescriptor::CPPTYPE_UINT32:
        set(&Reflection::SetUInt32, &Reflection::AddUInt32, 70'000 + number);
        break;
      case FieldDescriptor::CPPTYPE_INT32:
        set(&Reflection::SetInt32, &Reflection::AddInt32, -static_cast<int32_t>(number));
        break;
      case FieldDescriptor::CPPTYPE_BOOL:
        set(&Reflection::SetBool, &Reflection::AddBool, true);
        break;
      case FieldDescriptor::CPPTYPE_ENUM:
        set(&Reflection::SetEnumValue, &Reflection::AddEnumValue,
            field->enum_type()->value(field->enum_type()->value_count() - 1)->number());
        break;
      case FieldDescriptor::CPPTYPE_MESSAGE:
        FillAll(field->is_repeated() ? *reflection.AddMessage(&message, field)
                                     : *reflection.MutableMessage(&message, field),
                nullptr);
        break;
      default:
        FAIL() << field->full_name() << ": teach this test its type";
    }
  }
}

std::string TextOf(const Message& message) {
  std::string text;
  TextFormat::PrintToString(message, &text);
  return text;
}

// The three parts of a golden file.
struct Golden {
  std::unique_ptr<Message> message;
  std::string text;
  std::string bytes;
  std::string json;
};

constexpr std::string_view kBytesMark = "-- bytes\n";
constexpr std::string_view kJsonMark = "-- json\n";

std::string FileOf(const Message& message) {
  return TextOf(message) + std::string(kBytesMark) + ToHex(message.SerializeAsString()) + "\n" +
         std::string(kJsonMark) + ToJson(message) + "\n";
}

Golden Read(const Descriptor* type, const fs::path& path) {
  const std::string file = ReadWholeFile(path);
  const size_t bytes = file.find(kBytesMark);
  const size_t json = file.find(kJsonMark);
  if (bytes == std::string::npos || json == std::string::npos)
    throw std::runtime_error("no golden file " + path.string());
  Golden golden{New(type), file.substr(0, bytes), {}, file.substr(json + kJsonMark.size())};
  golden.bytes = FromHex(file.substr(bytes + kBytesMark.size(), json - 1 - bytes - kBytesMark.size()));
  golden.json.pop_back();  // the line break
  EXPECT_TRUE(TextFormat::ParseFromString(golden.text, golden.message.get())) << path << ": a field is gone";
  return golden;
}

std::vector<fs::path> FilesOf(const Descriptor* type, const fs::path& root = GoldenFolder()) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(root / "messages")) {
    const std::string name = entry.path().filename().string();
    if (name == type->full_name() || name.rfind(type->full_name() + ".of.", 0) == 0)
      files.push_back(entry.path());
  }
  return files;
}

// The names of the message's own fields that are set.
std::set<std::string> SetFields(const Message& message) {
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  std::set<std::string> names;
  for (const FieldDescriptor* field : fields) names.insert(field->name());
  return names;
}

std::set<std::string> FieldsWithoutFile(const Descriptor* type, const fs::path& root) {
  std::set<std::string> missing;
  for (int i = 0; i < type->field_count(); ++i) missing.insert(type->field(i)->name());
  for (const fs::path& path : FilesOf(type, root)) {
    for (const std::string& name : SetFields(*Read(type, path).message)) missing.erase(name);
  }
  return missing;
}

TEST(GoldenMessages, WrittenWhenAskedFor) {
  const std::optional<fs::path> root = WriteFolder();
  if (!root) GTEST_SKIP() << "set PARLEY_GOLDEN_WRITE to a folder to write what is missing";
  for (const Descriptor* type : AllTypes()) {
    const fs::path path = *root / "messages" / type->full_name();
    if (!fs::exists(path)) {
      const std::unique_ptr<Message> message = New(type);
      FillAll(*message, nullptr);
      WriteWholeFile(path, FileOf(*message));
    }
    for (const std::string& name : FieldsWithoutFile(type, *root)) {
      const FieldDescriptor* field = type->FindFieldByName(name);
      const std::unique_ptr<Message> message = New(type);
      if (field->real_containing_oneof() != nullptr) {
        FillAll(*message, field);
      } else {
        Fill(*message, field);
      }
      WriteWholeFile(path.string() + ".of." + name, FileOf(*message));
    }
  }
}

TEST(GoldenMessages, AreEncodedToTheseBytes) {
  for (const Descriptor* type : AllTypes()) {
    for (const fs::path& path : FilesOf(type)) {
      const Golden golden = Read(type, path);
      EXPECT_EQ(ToHex(golden.message->SerializeAsString()), ToHex(golden.bytes)) << path;
      // Fields of later versions are printed, too, so JSON is compared as the message that it says.
      const std::unique_ptr<Message> json = New(type);
      EXPECT_TRUE(FromJson(golden.json, *json)) << path;
      EXPECT_TRUE(MessageDifferencer::Equals(*json, *golden.message)) << path;
    }
  }
}

TEST(GoldenMessages, AreDecodedFromTheseBytes) {
  for (const Descriptor* type : AllTypes()) {
    for (const fs::path& path : FilesOf(type)) {
      const Golden golden = Read(type, path);
      const std::unique_ptr<Message> decoded = New(type);
      ASSERT_TRUE(decoded->ParseFromString(golden.bytes)) << path;
      EXPECT_TRUE(decoded->GetReflection()->GetUnknownFields(*decoded).empty())
          << path << ": a field is gone";
      EXPECT_EQ(TextOf(*decoded), golden.text) << path;
    }
  }
}

TEST(GoldenMessages, CoverEveryField) {
  for (const Descriptor* type : AllTypes()) {
    EXPECT_THAT(FieldsWithoutFile(type, GoldenFolder()), IsEmpty())
        << type->full_name()
        << ": a new field needs a golden file (PARLEY_GOLDEN_WRITE=tests/golden golden_test)";
  }
}

}  // namespace
}  // namespace parley::testing
