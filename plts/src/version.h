// The version of the extension, as in plts.control.
#pragma once

namespace plts {

inline constexpr char kVersion[] = "0.2.0";

}  // namespace plts
