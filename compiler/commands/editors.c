/* editors: a Vim syntax file and a TextMate grammar out of the compiler's tables, so that they know
 * what it knows. */
#include "commands/editors.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "ir/type.h"
#include "lower/catalogue.h"
#include "support/ice.h"
#include "syntax/words.h"

/* Alternatives of a regular expression. */
typedef struct {
    const char *statements, *tails, *constants, *types, *layers, *functions, *rules;
} word_lists;

static const char *join(arena *a, const char *const *names, size_t count, const char *between) {
    text t = text_new(a);
    for (size_t i = 0; i < count; i++) text_printf(&t, "%s%s", i ? between : "", names[i]);
    return text_string(&t);
}

static const char *join_catalogue(arena *a, catalogue_kind kind, const char *between) {
    catalogue c = catalogue_new(a);
    const char **names = ARENA_ARRAY(a, const char *, c.count);
    size_t count = 0;
    for (size_t i = 0; i < c.count; i++)
        if (c.items[i].kind == kind) names[count++] = c.items[i].name;
    return join(a, names, count, between);
}

static word_lists lists_of(arena *a, const char *between) {
    word_lists l;
    size_t count, constants = 0;
    const char *const *names = syntax_statement_words(a, &count);
    const char *constant_names[32], *types[IR_BOOL + 1];
    l.statements = join(a, names, count, between);
    names = syntax_tail_words(a, &count);
    l.tails = join(a, names, count, between);
    while (syntax_constant(constants) && constants < 32) {
        constant_names[constants] = syntax_constant(constants);
        constants++;
    }
    l.constants = join(a, constant_names, constants, between);
    for (int i = 0; i <= IR_BOOL; i++) types[i] = ir_dtype_name((ir_dtype)i);
    l.types = join(a, types, IR_BOOL + 1, between);
    l.layers = join_catalogue(a, CATALOGUE_LAYER, between);
    l.functions = join_catalogue(a, CATALOGUE_FUNCTION, between);
    l.rules = join_catalogue(a, CATALOGUE_RULE, between);
    return l;
}

/* --- Vim --- */

void editors_vim(text *to) {
    word_lists l = lists_of(to->arena, "\\|"), spaced = lists_of(to->arena, " ");
    text_add(to,
             "\" Vim syntax file of nnc's .nn files; made by nnc help --vim\n"
             "if exists(\"b:current_syntax\")\n  finish\nendif\n\n");
    text_add(to, "syn match nnOperator \"[-+*/%@&|~<>=!]\"\n");
    text_add(to,
             "syn match nnNumber "
             "\"\\%(\\w\\.\\)\\@2<!\\<\\d[0-9_]*\\%(\\.\\.\\@!\\d*\\)\\=\\%([eE][-+]\\=\\d\\+\\)\\="
             "\"\n");
    text_printf(to, "syn keyword nnConstant %s\n", spaced.constants);
    text_printf(to, "syn keyword nnType %s\n", spaced.types);
    text_printf(to, "syn match nnLayer \"\\<\\%%(%s\\)\\>\\ze\\s*(\"\n", l.layers);
    text_printf(to, "syn match nnFunction \"\\.\\@1<!\\<\\%%(%s\\)\\>\\ze\\s*(\"\n", l.functions);
    text_printf(to, "syn match nnFunction \"\\%%(\\<train\\s\\+\\)\\@<=\\%%(%s\\)\\>\"\n", l.rules);
    text_add(to, "syn match nnArgument \"[(,]\\s*\\zs\\h\\w*\\ze\\s*==\\@!\"\n");
    text_printf(to, "syn match nnTail \"\\s\\zs\\%%(%s\\)\\>\\ze\\s*[-~0-9A-Za-z_(\\\"']\"\n",
                l.tails);
    text_printf(to,
                "syn match nnStatement "
                "\"\\%%(^\\|[{}]\\)\\s*\\zs\\%%(%s\\)\\>\\ze\\s\\+[-~0-9A-Za-z_(\\\"']\"\n",
                l.statements);
    text_add(
        to,
        "syn match nnModel \"\\%(^\\s*model\\s\\+\\)\\@<=\\h\\w*\"\n"
        "syn region nnString start=+\"+ skip=+\\\\.+ end=+\"+ oneline\n"
        "syn region nnString start=+'+ skip=+\\\\.+ end=+'+ oneline\n"
        "syn match nnComment \"#.*$\" contains=@Spell,nnTodo\n"
        "syn keyword nnTodo TODO FIXME XXX contained\n\n"
        "hi def link nnOperator Operator\nhi def link nnNumber Number\nhi def link nnConstant "
        "Constant\n"
        "hi def link nnType Type\nhi def link nnLayer Structure\nhi def link nnFunction Function\n"
        "hi def link nnArgument Identifier\nhi def link nnTail Keyword\nhi def link nnStatement "
        "Statement\n"
        "hi def link nnModel Title\nhi def link nnString String\nhi def link nnComment Comment\n"
        "hi def link nnTodo Todo\n\nlet b:current_syntax = \"nnc\"\n");
}

/* --- TextMate --- */

static void add_pattern(json_t *patterns, const char *scope, const char *match) {
    json_t *p = json_pack("{s:s, s:s}", "name", scope, "match", match);
    if (!p || json_array_append_new(patterns, p) != 0) ice("no memory for a grammar");
}

/* The first group has the scope. */
static void add_captured(json_t *patterns, const char *scope, const char *match) {
    json_t *p = json_pack("{s:s, s:{s:{s:s}}}", "match", match, "captures", "1", "name", scope);
    if (!p || json_array_append_new(patterns, p) != 0) ice("no memory for a grammar");
}

static void add_string(json_t *patterns, const char *scope, const char *quote) {
    json_t *p =
        json_pack("{s:s, s:s, s:s, s:[{s:s, s:s}]}", "name", scope, "begin", quote, "end", quote,
                  "patterns", "name", "constant.character.escape.nnc", "match", "\\\\.");
    if (!p || json_array_append_new(patterns, p) != 0) ice("no memory for a grammar");
}

void editors_textmate(text *to) {
    arena *a = to->arena;
    word_lists l = lists_of(a, "|");
    json_t *patterns = json_array();
    if (!patterns) ice("no memory for a grammar");
    add_pattern(patterns, "comment.line.number-sign.nnc", "#.*$");
    add_string(patterns, "string.quoted.double.nnc", "\"");
    add_string(patterns, "string.quoted.single.nnc", "'");
    add_captured(patterns, "entity.name.type.nnc", "(?<=\\bmodel)\\s+(\\w+)");
    add_captured(patterns, "keyword.control.nnc",
                 arena_printf(a, "(?:^|[{}])\\s*\\b(%s)\\b(?=\\s+[-~\\w(\"'])", l.statements));
    add_captured(patterns, "keyword.other.nnc",
                 arena_printf(a, "(?<=\\s)(%s)\\b(?=\\s*[-~\\w(\"'])", l.tails));
    add_captured(patterns, "variable.parameter.nnc", "(?<=[(,])\\s*(\\w+)\\s*(?==(?!=))");
    add_captured(patterns, "support.class.nnc",
                 arena_printf(a, "(?<![.\\w])(%s)(?=\\s*\\()", l.layers));
    add_captured(patterns, "support.function.nnc",
                 arena_printf(a, "(?<![.\\w])(%s)(?=\\s*\\()", l.functions));
    add_captured(patterns, "support.function.nnc",
                 arena_printf(a, "(?<=\\btrain)\\s+(%s)\\b", l.rules));
    add_pattern(patterns, "storage.type.nnc",
                arena_printf(a, "(?<![.\\w])(?:%s)(?![.\\w])", l.types));
    add_pattern(patterns, "constant.language.nnc",
                arena_printf(a, "(?<![.\\w])(?:%s)(?![.\\w])", l.constants));
    add_pattern(patterns, "constant.numeric.nnc",
                "(?<!\\w)(?<!\\w\\.)\\d[\\d_]*(?:\\.(?!\\.)\\d*)?(?:[eE][-+]?\\d+)?");
    add_pattern(patterns, "keyword.operator.nnc", "\\*\\*|//|[=!<>]=|\\.\\.\\.?|[-+*/%@&|~<>=]");
    json_t *grammar = json_pack(
        "{s:s, s:s, s:s, s:[s], s:o}", "$schema",
        "https://raw.githubusercontent.com/martinring/tmlanguage/master/tmlanguage.json", "name",
        "nnc", "scopeName", "source.nnc", "fileTypes", "nn", "patterns", patterns);
    char *shown = grammar ? json_dumps(grammar, JSON_INDENT(2)) : NULL;
    if (!shown) ice("no memory for a grammar");
    text_printf(to, "%s\n", shown);
    free(shown);
    json_decref(grammar);
}
