#include "schemas/hot_json.h"

#include <charconv>
#include <cstdint>
#include <cstring>
#include <vector>

// RapidJSON looks for the end of a string with the vector instructions that every machine of the kind has.
#if defined(__SSE2__)
#define RAPIDJSON_SSE2
#elif defined(__ARM_NEON)
#define RAPIDJSON_NEON
#endif
#include <rapidjson/reader.h>

#include "schemas/code.h"
#include "schemas/json.h"

namespace parley {
namespace {

constexpr uint64_t kOnes = 0x0101'0101'0101'0101;

// Not 0 when one of the eight bytes is below `limit`, at most 128.
constexpr uint64_t AnyBelow(uint64_t eight, uint8_t limit) {
  return (eight - kOnes * limit) & ~eight & (kOnes << 7);
}
constexpr uint64_t AnyIs(uint64_t eight, uint8_t byte) {
  return AnyBelow(eight ^ (kOnes * byte), 1);
}

constexpr bool NeedsEscape(uint8_t byte) {
  return byte < 0x20 || byte == '"' || byte == '\\' || byte == 0x7F;
}

// How many bytes at the beginning of `text` need no escape.
size_t PlainLength(std::string_view text) {
  size_t length = 0;
  for (uint64_t eight = 0; length + sizeof eight <= text.size(); length += sizeof eight) {
    std::memcpy(&eight, text.data() + length, sizeof eight);
    if ((AnyBelow(eight, 0x20) | AnyIs(eight, '"') | AnyIs(eight, '\\') | AnyIs(eight, 0x7F)) != 0) break;
  }
  while (length < text.size() && !NeedsEscape(static_cast<uint8_t>(text[length]))) ++length;
  return length;
}

// RFC 8259, section 7. `text` is UTF-8.
std::string Escaped(std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string escaped;
  for (;;) {
    const size_t plain = PlainLength(text);
    escaped += text.substr(0, plain);
    if (plain == text.size()) return escaped;
    const auto byte = static_cast<uint8_t>(text[plain]);
    escaped += '\\';
    if (byte == '"' || byte == '\\') {
      escaped += text[plain];
    } else {
      escaped += "u00";
      escaped += kHex[byte >> 4];
      escaped += kHex[byte & 15];
    }
    text.remove_prefix(plain + 1);
  }
}

// Writes one JSON object, a field at a time, in the order of the schema. A field asks once for all the room
// that it takes. Its name comes with the comma in front, quotes and colon: ",\"seq\":".
class Writer {
 public:
  // `bytes`: a good guess of what will be needed.
  explicit Writer(size_t bytes) : out_(bytes, '\0') {}

  void Raw(std::string_view bytes) { End(Begin(bytes, 0)); }
  void Text(std::string_view name, std::string_view text) {
    if (PlainLength(text) == text.size()) {
      Quoted(name, text);
    } else {
      Quoted(name, Escaped(text));
    }
  }
  // 64-bit integers are strings in proto3's JSON.
  void Number64(std::string_view name, uint64_t number) {
    char* at = Begin(name, kDigitsMax + 2);
    *at++ = '"';
    at = std::to_chars(at, at + kDigitsMax, number).ptr;
    *at++ = '"';
    End(at);
  }
  void Number32(std::string_view name, uint32_t number) {
    char* const at = Begin(name, kDigitsMax);
    End(std::to_chars(at, at + kDigitsMax, number).ptr);
  }
  template <typename Texts>
  void List(std::string_view name, const Texts& texts) {
    Raw(name);
    std::string_view before = "[";
    for (const std::string& text : texts) {
      Text(before, text);
      before = ",";
    }
    Raw(texts.empty() ? "[]" : "]");
  }
  std::string Take() {
    out_.resize(used_);
    return std::move(out_);
  }

 private:
  static constexpr size_t kDigitsMax = 20;

  void Quoted(std::string_view name, std::string_view text) {
    char* at = Begin(name, text.size() + 2);
    *at++ = '"';
    std::memcpy(at, text.data(), text.size());
    at += text.size();
    *at++ = '"';
    End(at);
  }
  // Writes the name; behind it is room for so many bytes more.
  char* Begin(std::string_view name, size_t bytes) {
    const size_t needed = used_ + name.size() + bytes;
    if (needed > out_.size()) out_.resize(2 * needed);
    char* const at = out_.data() + used_;
    std::memcpy(at, name.data(), name.size());
    return at + name.size();
  }
  void End(const char* at) { used_ = static_cast<size_t>(at - out_.data()); }

  std::string out_;
  size_t used_ = 0;  // the rest is room
};

// True when a code point of U+D800–DFFF was written as if it were one: RapidJSON makes that of "\udc4d"
// alone.
bool HoldsSurrogate(std::string_view text) {
  for (size_t at = text.find('\xED'); at != std::string_view::npos; at = text.find('\xED', at + 1)) {
    if (at + 1 < text.size() && static_cast<uint8_t>(text[at + 1]) >= 0xA0) return true;
  }
  return false;
}

// SAX handler of ReadCommonDraft(). A callback returns false for what is not of the common shape.
class CommonDraft : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, CommonDraft> {
 public:
  explicit CommonDraft(v1::Draft& draft) : draft_(draft) {}

  bool Default() { return false; }  // numbers, bools, null
  bool StartObject() {
    if (depth_ == 0) {
      depth_ = 1;
      return true;
    }
    if (depth_ != 1 || field_ != Field::kTextBody) return false;
    depth_ = 2;
    draft_.mutable_text();
    return true;
  }
  bool EndObject(rapidjson::SizeType) {
    --depth_;
    return true;
  }
  bool StartArray() {
    if (field_ != Field::kMentions || in_list_) return false;
    in_list_ = true;
    return true;
  }
  bool EndArray(rapidjson::SizeType) {
    in_list_ = false;
    return true;
  }
  bool Key(const char* text, rapidjson::SizeType size, bool) {
    field_ = FieldOf({text, size});
    const auto bit = 1U << static_cast<unsigned>(field_);
    if (field_ == Field::kOther || (seen_ & bit) != 0) return false;
    seen_ |= bit;
    return true;
  }
  bool String(const char* text, rapidjson::SizeType size, bool) {
    if (HoldsSurrogate({text, size})) return false;
    switch (field_) {
      case Field::kId:
        draft_.set_id(text, size);
        return true;
      case Field::kMentions:
        if (in_list_) draft_.add_mentions(text, size);
        return in_list_;
      case Field::kText:
        draft_.mutable_text()->set_text(text, size);
        return true;
      case Field::kFormat: {
        v1::Text::Format format = v1::Text::PLAIN;
        if (!v1::Text::Format_Parse(std::string(text, size), &format)) return false;
        draft_.mutable_text()->set_format(format);
        return true;
      }
      default:
        return false;
    }
  }

 private:
  enum class Field : unsigned { kOther, kId, kTextBody, kMentions, kText, kFormat };
  Field FieldOf(std::string_view name) const {
    if (depth_ == 1) {
      if (name == "id") return Field::kId;
      if (name == "text") return Field::kTextBody;
      if (name == "mentions") return Field::kMentions;
    } else {
      if (name == "text") return Field::kText;
      if (name == "format") return Field::kFormat;
    }
    return Field::kOther;
  }

  v1::Draft& draft_;
  int depth_ = 0;
  bool in_list_ = false;
  Field field_ = Field::kOther;
  unsigned seen_ = 0;
};

}  // namespace

std::string EventToJson(const v1::Event& event) {
  if (event.body_case() != v1::Event::kText || !v1::Text::Format_IsValid(event.text().format())) {
    return ToJson(event);
  }
  Writer json(384 + event.text().text().size());
  json.Text("{\"room\":", event.room());
  json.Number64(",\"seq\":", event.seq());
  json.Number64(",\"feed\":", event.feed());
  json.Number64(",\"tsMs\":", event.ts_ms());
  json.Text(",\"sender\":", event.sender());
  json.Text(",\"client\":", event.client());
  json.Text(",\"id\":", event.id());
  json.Text(",\"topic\":", event.topic());
  json.Text(",\"text\":{\"text\":", event.text().text());
  json.Text(",\"format\":", v1::Text::Format_Name(event.text().format()));
  json.Number64("},\"replyTo\":", event.reply_to());
  json.Number64(",\"thread\":", event.thread());
  json.List(",\"mentions\":", event.mentions());
  json.Number32(",\"expiresInS\":", event.expires_in_s());
  json.Raw("}");
  return json.Take();
}

std::string AckToJson(const v1::Ack& ack) {
  Writer json(256 + ack.reason().size());
  json.Text("{\"id\":", ack.id());
  json.Text(",\"room\":", ack.room());
  json.Number64(",\"seq\":", ack.seq());
  json.Number64(",\"feed\":", ack.feed());
  json.Number64(",\"tsMs\":", ack.ts_ms());
  json.Text(",\"code\":", CodeName(ack.code()));
  json.Text(",\"reason\":", ack.reason());
  json.Raw(ack.duplicate() ? ",\"duplicate\":true" : ",\"duplicate\":false");
  json.Text(",\"durability\":", v1::Ack::Durability_Name(ack.durability()));
  json.Raw("}");
  return json.Take();
}

bool ReadCommonDraft(std::string_view json, v1::Draft& draft) {
  draft.Clear();
  if (!IsUtf8(json))
    return false;  // once for all of it; holds no U+0000, either, which would pass for the end
  // Parsed where it lies, in a copy that ends with U+0000. The vector code reads whole blocks of 16 bytes.
  constexpr size_t kBlock = 16;
  thread_local std::vector<char> copy;
  copy.resize(json.size() + kBlock);
  std::memcpy(copy.data(), json.data(), json.size());
  std::memset(copy.data() + json.size(), 0, kBlock);
  rapidjson::InsituStringStream stream(copy.data());
  CommonDraft handler(draft);
  rapidjson::GenericReader<rapidjson::UTF8<>, rapidjson::UTF8<>> reader;
  return !reader.Parse<rapidjson::kParseInsituFlag>(stream, handler).IsError();
}

}  // namespace parley
