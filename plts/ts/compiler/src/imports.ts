/** Finds what a module imports, in every form there is. */

import ts from "typescript";
import type { Fault } from "./body.js";

/** One import of a module, by the literal that names it. */
export interface Import {
  specifier: string;
  /** Where the literal begins. */
  position: number;
  /** The value of the attribute `type`, if there is one. */
  type: string | undefined;
}

export interface Imports {
  list: Import[];
  faults: Fault[];
}

/** The imports of a file, those of types alone included. */
export function importsOf(file: ts.SourceFile): Imports {
  const found: Imports = { list: [], faults: [] };
  if (!file.text.includes("import") && !file.text.includes("export")) return found;
  const add = (literal: ts.StringLiteralLike, attributes?: ts.ImportAttributes) => {
    const { type, fault } = readAttributes(attributes, file);
    const position = literal.getStart(file);
    found.list.push({ specifier: literal.text, position, type });
    if (fault !== undefined) found.faults.push(fault);
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) {
      const { moduleSpecifier: literal } = node;
      if (literal !== undefined && ts.isStringLiteral(literal)) {
        add(literal, node.attributes);
      }
      return;
    }
    if (isDynamicImport(node)) {
      const [argument, options] = node.arguments;
      if (argument !== undefined && ts.isStringLiteralLike(argument)) {
        add(argument, dynamicAttributes(options));
      } else {
        found.faults.push(computed(node.getStart(file)));
      }
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      const { literal } = node.argument;
      if (ts.isStringLiteral(literal)) add(literal, node.attributes);
    }
    ts.forEachChild(node, visit);
  };
  ts.forEachChild(file, visit);
  return found;
}

export function isDynamicImport(node: ts.Node): node is ts.CallExpression {
  return (
    ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword
  );
}

/** Attributes of `import(…, { with: { … } })`, in the shape that declarations have. */
function dynamicAttributes(
  options: ts.Expression | undefined,
): ts.ImportAttributes | undefined {
  if (options === undefined || !ts.isObjectLiteralExpression(options)) return undefined;
  for (const property of options.properties) {
    if (!ts.isPropertyAssignment(property) || nameOf(property.name) !== "with") {
      continue;
    }
    const { initializer } = property;
    if (!ts.isObjectLiteralExpression(initializer)) continue;
    const elements = initializer.properties.flatMap((each) =>
      ts.isPropertyAssignment(each) && ts.isStringLiteral(each.initializer)
        ? [ts.factory.createImportAttribute(literalName(each), each.initializer)]
        : [],
    );
    return ts.factory.createImportAttributes(ts.factory.createNodeArray(elements));
  }
  return undefined;
}

function literalName(property: ts.PropertyAssignment): ts.Identifier {
  return ts.factory.createIdentifier(nameOf(property.name));
}

function nameOf(name: ts.Node): string {
  return ts.isIdentifier(name) || ts.isStringLiteral(name) ? name.text : "";
}

function readAttributes(
  attributes: ts.ImportAttributes | undefined,
  file: ts.SourceFile,
): { type: string | undefined; fault: Fault | undefined } {
  let type: string | undefined;
  for (const { name, value } of attributes?.elements ?? []) {
    const text = ts.isStringLiteral(value) ? value.text : "";
    if (nameOf(name) === "type" && text === "json") {
      type = text;
      continue;
    }
    const position = name.pos < 0 ? value.getStart(file) : name.getStart(file);
    return { type, fault: unknownAttribute(nameOf(name), text, position) };
  }
  return { type, fault: undefined };
}

function unknownAttribute(name: string, value: string, position: number): Fault {
  return {
    code: "PLTS1007",
    message: `unknown import attribute ${name}: "${value}": there is only type: "json"`,
    position,
    phase: "semantic",
  };
}

function computed(position: number): Fault {
  return {
    code: "PLTS1008",
    message:
      "import() takes a string literal here: what a function imports is settled " +
      "when it is created",
    position,
    phase: "semantic",
  };
}
