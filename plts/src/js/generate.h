// Generate: small JavaScript functions of our own making, which build objects of one
// shape faster than the API can, property by property.
#pragma once

#include "js/realm.h"

namespace plts {

// A string literal, from UTF-8.
std::string JsLiteral(const std::string& utf8);

// A function of the realm with these parameters and this body. Throws Thrown.
v8::Local<v8::Function> GenerateFunction(Realm& realm,
                                         const std::vector<std::string>& parameters,
                                         const std::string& body);

}  // namespace plts
