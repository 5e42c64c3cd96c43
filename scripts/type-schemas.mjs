// JSON Schemas of TypeScript types: for the page's API (api-schemas.mjs) and for what `--json` prints
// (doc-schemas.mjs). Interfaces and aliases of ours become definitions of their own.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

/**
 * The types that the files export. `types`: `[name, type, symbol]` each; `named` and `schemaOf` make a
 * type's schema, and put what it refers to into `definitions`, under `refPrefix`.
 */
export function typeSchemas(files, refPrefix) {
  const sources = files.map((file) => path.resolve(file));
  const { options } = ts.convertCompilerOptionsFromJson(
    JSON.parse(readFileSync('tsconfig.json', 'utf8')).compilerOptions,
    '.',
  );
  const program = ts.createProgram(sources, options);
  const checker = program.getTypeChecker();
  const definitions = {};
  const types = sources
    .flatMap((source) =>
      checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(source))),
    )
    .filter(({ flags }) => flags & (ts.SymbolFlags.Interface | ts.SymbolFlags.TypeAlias))
    .map((symbol) => [symbol.name, checker.getDeclaredTypeOfSymbol(symbol), symbol]);
  return { program, types, checker, definitions, named, schemaOf };

  /** The schema under a name of its own, made once. */
  function named(name, type, symbol) {
    const ref = { $ref: `${refPrefix}${name}` };
    if (name in definitions) return ref;
    definitions[name] = {};
    if (name === 'JsonObject') definitions[name] = { type: 'object' };
    else if (name !== 'Json') definitions[name] = { ...description(symbol), ...structure(type) };
    return ref;
  }

  function schemaOf(type) {
    const alias = type.aliasSymbol;
    // `Record` and its like are structures, not names.
    // One that takes parameters is another type each time.
    if (alias && isOurs(alias) && !type.aliasTypeArguments) return named(alias.name, type, alias);
    const { symbol } = type;
    const isGeneric = checker.getTypeArguments(type).length > 0;
    if (symbol && symbol.flags & ts.SymbolFlags.Interface && isOurs(symbol) && !isGeneric) {
      return named(symbol.name, type, symbol);
    }
    return structure(type);
  }

  function structure(type) {
    const { flags } = type;
    if (flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown)) return {};
    if (flags & ts.TypeFlags.Null) return { type: 'null' };
    if (flags & ts.TypeFlags.StringLiteral) return { const: type.value };
    if (flags & ts.TypeFlags.NumberLiteral) return { const: type.value };
    if (flags & ts.TypeFlags.BooleanLiteral) return { const: type.intrinsicName === 'true' };
    if (flags & ts.TypeFlags.String) return { type: 'string' };
    if (flags & ts.TypeFlags.Number) return { type: 'number' };
    if (flags & ts.TypeFlags.Boolean) return { type: 'boolean' };
    if (type.isUnion()) return union(type);
    if (checker.isArrayType(type)) {
      return { type: 'array', items: schemaOf(checker.getTypeArguments(type)[0]) };
    }
    return object(type);
  }

  function union(type) {
    // A number whose digits are kept is one for JSON, and stands beside `number`.
    const isNone = (part) =>
      part.flags & ts.TypeFlags.Undefined || part.symbol?.name === 'ExactNumber';
    const parts = type.types.filter((part) => !isNone(part));
    const literals = parts.filter((part) => part.flags & ts.TypeFlags.StringLiteral);
    const booleans = parts.filter((part) => part.flags & ts.TypeFlags.BooleanLiteral);
    const others = parts.filter((part) => !literals.includes(part) && !booleans.includes(part));
    const list = others.map(schemaOf);
    if (booleans.length === 2) list.unshift({ type: 'boolean' });
    else list.unshift(...booleans.map(schemaOf));
    if (literals.length > 0) {
      list.unshift({ type: 'string', enum: literals.map((part) => part.value).sort() });
    }
    // The compiler's order follows what it met first; ours must not change with that.
    list.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
    return list.length === 1 ? list[0] : { anyOf: list };
  }

  function object(type) {
    const properties = {};
    const required = [];
    const all = checker.getPropertiesOfType(type);
    // Of a `Record` over a union, the order is the compiler's as well.
    if (ts.getObjectFlags(type) & ts.ObjectFlags.Mapped) {
      all.sort((a, b) => (a.name < b.name ? -1 : 1));
    }
    for (const property of all) {
      const value = checker.getTypeOfSymbol(property);
      properties[property.name] = { ...description(property), ...schemaOf(value) };
      if (!(property.flags & ts.SymbolFlags.Optional)) required.push(property.name);
    }
    const index = checker.getIndexInfoOfType(type, ts.IndexKind.String);
    return {
      type: 'object',
      ...(required.length > 0 ? { required } : {}),
      ...(Object.keys(properties).length > 0 ? { properties } : {}),
      ...(index ? { additionalProperties: schemaOf(index.type) } : {}),
    };
  }

  function description(symbol) {
    const text = ts.displayPartsToString(symbol.getDocumentationComment(checker)).trim();
    return text === '' ? {} : { description: text.replace(/\s*\n\s*/g, ' ') };
  }

  function isOurs(symbol) {
    return (symbol.declarations ?? []).some((declaration) =>
      path.resolve(declaration.getSourceFile().fileName).startsWith(path.resolve('src')),
    );
  }
}
