#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "schemas/result.h"

namespace parley::client {

// Answers of the server whose shape the client need not know, as a person reads them. Control sequences are
// replaced. Pure.

// A field as text; "" when it is absent.
std::string FieldText(const nlohmann::ordered_json& object, const char* name);

// One line for an item of a list: the fields that name it ("alice person admin disabled"), else all of them.
std::string RenderItem(const nlohmann::ordered_json& item);

// An object: "name: value" lines, its lists indented.
void RenderData(const nlohmann::ordered_json& data, std::vector<std::string>& lines);

// The first field of `object` that is a list, or null.
const nlohmann::ordered_json* FirstList(const nlohmann::ordered_json& object);

// On one line; malformed UTF-8 replaced.
std::string DumpJson(const nlohmann::ordered_json& json);

// The code of that name; INTERNAL for one that is not known.
Code CodeNamed(const std::string& name);

}  // namespace parley::client
