/**
 * Completes the language: what ECMAScript 2023 has and V8 10.2 lacks, and
 * `structuredClone`. The other globals are made in `globals.ts`.
 *
 * The first five groups exist in V8 10.2, but behind flags which a frozen realm needs off:
 * V8 would add them again to every new context.
 */

import "core-js/modules/es.array.at.js";
import "core-js/modules/es.string.at-alternative.js";
import "core-js/modules/es.typed-array.at.js";
import "core-js/modules/es.array.find-last.js";
import "core-js/modules/es.array.find-last-index.js";
import "core-js/modules/es.typed-array.find-last.js";
import "core-js/modules/es.typed-array.find-last-index.js";
import "core-js/modules/es.object.has-own.js";

import "core-js/modules/es.array.to-reversed.js";
import "core-js/modules/es.array.to-sorted.js";
import "core-js/modules/es.array.to-spliced.js";
import "core-js/modules/es.array.with.js";
import "core-js/modules/es.typed-array.to-reversed.js";
import "core-js/modules/es.typed-array.to-sorted.js";
import "core-js/modules/es.typed-array.with.js";

import "./dom-exception.js";
import "core-js/modules/web.structured-clone.js";
