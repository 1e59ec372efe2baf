/* syntax_error: what the grammar did not expect, in the user's words, and what was probably meant. */
#include <ctype.h>
#include <string.h>

#include "syntax/ast_build.h"
#include "syntax/hints.h"

#include "nnc.tab.h"

/* How each statement is written. */
static const char *form_of(int statement_first) {
    switch (statement_first) {
    case MODEL: return "model NAME { … }";
    case DIM: return "dim T = 1..128, or dim H = 64";
    case WEIGHTS: return "weights \"FILE\", or weights (\"FILE\", \"FILE\"), each with prefix \"P\"";
    case INPUT: return "input NAME: float32[d, …], or int32[d, …]";
    case STATE: return "state NAME: float32[d, …], or state NAME: float32[d, …] = EXPR";
    case PARAM: return "param NAME: float32[d, …], or param NAME: float32[d, …] from \"key\"";
    case LAYER: return "layer NAME = Kind(…), or layer NAME = Kind(…) from \"prefix\"";
    case OUTPUT: return "output NAME = EXPR, or output a, b";
    case REPEAT: return "repeat N { … }, or repeat x_t in x { … }, each with until EXPR before the {";
    case COLLECT: return "collect NAME = EXPR";
    case TARGET: return "target NAME: float32[d, …], or int32[d, …]";
    case LOSS: return "loss NAME = EXPR";
    case TRAIN: return "train SGD(…), or train clip_grad_norm_(…)";
    default: return NULL;
    }
}

typedef struct {
    const char *const *names;
    size_t count;
} name_set;

static bool has(const name_set *set, const char *name) {
    for (size_t i = 0; i < set->count; i++)
        if (strcmp(set->names[i], name) == 0) return true;
    return false;
}

/* Some things one expects come as a crowd: these stand for all of it. */
static bool in_crowd(const char *name, const char *const *crowd) {
    for (; *crowd; crowd++)
        if (strcmp(name, *crowd) == 0) return true;
    return false;
}

/* "',', ')' or an operator" */
static const char *list_expected(arena *a, const name_set *expected, const layout_context *at) {
    static const char *const expression[] = {"a name", "a number", "a real number", "a string", "true or false", "none",
                                             "'('",    "'['",      "'-'",           "'~'",      "'...'",         NULL};
    static const char *const operators[] = {"'+'", "'-'",  "'*'",  "'/'", "'//'", "'%'",  "'@'", "'**'", "'&'", "'|'",
                                            "'=='", "'!='", "'<'", "'<='", "'>'",  "'>='", "'['", "'('",  NULL};
    static const char *const statement[] = {
        "'model'", "'dim'",    "'weights'", "'input'",         "'state'",          "'param'",
        "'layer'", "'output'", "'repeat'",  "'collect'",       "'target'",         "'loss'",
        "'train'", "a name",   "'('",       "a reserved word", "a word of Python", NULL};
    bool wants_statement = has(expected, "'dim'");
    bool wants_expression = has(expected, "a real number"), wants_operator = has(expected, "'*'");
    /* Behind a word the grammar takes what would bind it as a name too, only to report that. */
    bool behind_word = at->place == 1 && form_of(at->statement_first);
    bool has_line_end = has(expected, "the end of the line");

    const char *words[64];
    size_t count = 0;
    if (wants_statement) words[count++] = "a statement";
    if (wants_expression) words[count++] = "an expression";
    for (size_t i = 0; i < expected->count && count < 62; i++) {
        const char *name = expected->names[i];
        if (wants_statement && in_crowd(name, statement)) continue;
        if (wants_expression && in_crowd(name, expression)) continue;
        if (wants_operator && in_crowd(name, operators)) continue;
        if (behind_word && (strcmp(name, "'='") == 0 || strcmp(name, "':'") == 0 || strcmp(name, "','") == 0)) continue;
        if (has_line_end && strcmp(name, "'}'") == 0) continue;
        if (wants_statement && strcmp(name, "the end of the file") == 0) continue;
        words[count++] = name;
    }
    if (wants_operator) words[count++] = "an operator";
    text t = text_new(a);
    for (size_t i = 0; i < count; i++) {
        if (i) text_add(&t, i + 1 < count ? ", " : " or ");
        text_add(&t, words[i]);
    }
    return text_string(&t);
}

/* What stands there, as the user wrote it. */
static const char *describe_found(const parser *p, const layout_context *at) {
    if (at->token == NEWLINE) return "the end of the line";
    if (at->token == END) return "the end of the file";
    const char *s = p->source->text + at->where.begin;
    size_t length = at->where.end - at->where.begin;
    if (at->token == STRING) return length <= 40 ? arena_strndup(p->arena, s, length) : "a string";
    return arena_printf(p->arena, "'%.*s%s'", (int)(length <= 40 ? length : 40), s, length <= 40 ? "" : "…");
}

static bool is_word(const parser *p, span where, const char *word) {
    size_t length = where.end - where.begin;
    return length == strlen(word) && memcmp(p->source->text + where.begin, word, length) == 0;
}

/* A hint for operators of Python that are words. */
static bool hint_python_operator(const parser *p, const layout_context *at, diag *e) {
    static const char *const words[] = {"if", "for", "and", "or", "not", "in", "is", "else", "lambda", "await"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (!is_word(p, at->where, words[i]) && !is_word(p, at->previous_where, words[i])) continue;
        if (strcmp(words[i], "and") == 0) diag_hint(e, "both of two bools is written a & b");
        else if (strcmp(words[i], "or") == 0) diag_hint(e, "either of two bools is written a | b");
        else if (strcmp(words[i], "not") == 0) diag_hint(e, "the opposite of a bool is written ~a");
        else if (strcmp(words[i], "if") == 0 || strcmp(words[i], "else") == 0)
            diag_hint(e, "where(c, a, b) chooses between values");
        else if (strcmp(words[i], "for") == 0)
            diag_hint(e, "each row in turn is written repeat x_t in x { … }, and collect keeps what each gives");
        else diag_hint(e, "'%s' of Python is not part of the language", words[i]);
        return true;
    }
    return false;
}

/* The word of the language that the name at a statement's begin was to be: Input, inputs. */
static const char *keyword_like(const parser *p, const layout_context *at) {
    static const char *const words[] = {"model", "dim",   "weights", "input",  "state",
                                        "param", "layer", "output",  "repeat", "collect",
                                        "target", "loss",  "train"};
    return diag_nearest(arena_strndup(p->arena, p->source->text + at->statement_where.begin,
                                      at->statement_where.end - at->statement_where.begin),
                        words, sizeof words / sizeof *words);
}

static bool is_digit_at(const parser *p, size_t offset) {
    return offset < p->source->size && p->source->text[offset] >= '0' && p->source->text[offset] <= '9';
}

/* What torch's module is here, where one is made and called at once: nn.MSELoss()(x, y). `end` is behind its ). */
static const char *hint_for_callee(const parser *p, size_t end) {
    const char *s = p->source->text;
    size_t at = end;
    for (int depth = 0; at > 0;) {
        at--;
        depth += (s[at] == ')') - (s[at] == '(');
        if (!depth || s[at] == '\n') break;
    }
    size_t begin = at;
    while (begin > 0 && (isalnum((unsigned char)s[begin - 1]) || s[begin - 1] == '_')) begin--;
    return hint_for(arena_strndup(p->arena, s + begin, at - begin));
}

/* A hint for what stands behind a whole expression and cannot. */
static bool hint_after_operand(const parser *p, const layout_context *at, const name_set *expected, diag *e) {
    bool in_list = at->in_brackets && has(expected, "','");
    bool begins_operand = at->token == NAME || at->token == INTEGER || at->token == REAL || at->token == STRING;
    if (at->statement_first == DIM && (at->token == ':' || at->token == ELLIPSIS))
        diag_hint(e, "bounds are written LOW..HIGH: dim T = 1..128");
    else if (at->token == ',' && at->previous == INTEGER && is_digit_at(p, at->where.end))
        diag_hint(e, "the decimal point is a point: 0.5");
    else if (at->token == ',' && !at->in_brackets && (at->statement_first == NAME || at->statement_first == '('))
        diag_hint(e, "a tuple stands in parentheses: a, b = (x, y)");
    else if (at->token == '=' && !at->in_brackets) diag_hint(e, "a statement binds one value: write them one by one");
    else if (at->token == ':' && at->in_brackets && at->previous == NAME && has(expected, "'='"))
        diag_hint(e, "an argument is given with =: bias=True");
    else if (at->token == '(' && at->previous == ')' && hint_for_callee(p, at->previous_where.end))
        diag_hint(e, "%s", hint_for_callee(p, at->previous_where.end));
    else if (at->token == '(' && at->previous == ')')
        diag_hint(e, "what a call gives is no layer: declare it, layer NAME = Linear(…), and call NAME(x)");
    else if (at->token == '(' && at->previous == ']')
        diag_hint(e, "a layer of a list is declared and called by its key: layer net.0 = …, net.0(x)");
    else if (in_list && begins_operand) diag_hint(e, "put a , between them");
    else return false;
    return true;
}

/* loss.backward(), optimizer.step() */
static bool is_of_training(const char *name, int length) {
    static const char *const methods[] = {".backward", ".step", ".zero_grad", ".train", ".eval"};
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        int n = (int)strlen(methods[i]);
        if (length > n && memcmp(name + length - n, methods[i], (size_t)n) == 0) return true;
    }
    return false;
}

/* A hint for statements that begin with a name, most of them pasted from Python. */
static void hint_binding(const parser *p, const layout_context *at, diag *e) {
    const char *name = p->source->text + at->statement_where.begin;
    int length = (int)(at->statement_where.end - at->statement_where.begin);
    if (length > 60) return;
    bool ends = at->place == 1 && at->token == NEWLINE;
    if (ends && is_word(p, at->statement_where, "break"))
        diag_hint(e, "a loop that ends early is written repeat N until EXPR { … }, which is asked after each round");
    else if (ends && is_word(p, at->statement_where, "continue"))
        diag_hint(e, "where(c, new, old) keeps what is carried as it was");
    else if (at->place == 1 && at->token == '(' && length > 7 && memcmp(name + length - 7, ".append", 7) == 0)
        diag_hint(e, "what each round of a repeat gives is kept by collect NAME = EXPR");
    else if (at->place == 1 && at->token == '(' && is_of_training(name, length))
        diag_hint(
            e,
            "leave it out: NAME_grad and NAME_train of the C compute gradients, NAME_step and NAME_train take a step");
    else if (at->place == 1 && at->token == '(')
        diag_hint(e, "a statement binds what a call gives: NAME = %.*s(…)", length, name);
    else if (at->place == 1 && at->token == EQUAL) diag_hint(e, "a value is bound with one =");
    else if (at->place == 1 && at->token == '[')
        diag_hint(e, "values do not change in place; bind a new one: %.*s = where(mask, value, %.*s)", length, name,
                  length, name);
    else if (at->place == 1 && (at->token == NAME || at->token == STRING) && keyword_like(p, at))
        diag_hint(e, "did you mean %s?", keyword_like(p, at));
    else if (at->place == 1 && at->token == NAME)
        diag_hint(e, "a statement is NAME = EXPR, or begins with dim, weights, input, state, param, layer, output, "
                     "repeat, collect, target, loss or train");
    else if (ends) diag_hint(e, "to write a value out: output %.*s", length, name);
}

static bool is_operator(int token) {
    static const int operators[] = {'+', '-', '*',   '/',       '%', '@',        '&', '|',          FLOORDIV,
                                    POW, '<', EQUAL, NOT_EQUAL, '>', LESS_EQUAL, GREATER_EQUAL};
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
        if (token == operators[i]) return true;
    return false;
}

static void add_hint(const parser *p, const layout_context *at, const name_set *expected, diag *e) {
    bool after_operand = has(expected, "'*'");
    bool wants_expression = has(expected, "a real number");
    if (after_operand && at->token == NAME && hint_python_operator(p, at, e)) return;
    if (after_operand && at->token == STRING && at->previous == NAME) {
        diag_hint(e, "strings have no prefix and are not joined");
        return;
    }
    if (after_operand && at->token == DOTDOT) {
        diag_hint(e, "a range LOW..HIGH gives the bounds of a dim only; a slice is x[a:b]");
        return;
    }
    if (after_operand && hint_after_operand(p, at, expected, e)) return;
    if (wants_expression && (at->token == '*' || at->token == POW) && (at->previous == '(' || at->previous == ',')) {
        diag_hint(e, "arguments are not unpacked with * or **; write them one by one");
        return;
    }
    int first = at->statement_first;
    bool begins_value = at->previous == '=' || at->previous == DOTDOT;
    if (first == LAYER && at->place == 1 && (at->token == INTEGER || at->token == REAL)) {
        diag_hint(e,
                  "a name begins with a letter; the key in the weights is given by from: layer NAME = Kind(…) "
                  "from \"%.*s\"",
                  (int)(at->where.end - at->where.begin), p->source->text + at->where.begin);
    } else if ((at->previous == FROM || at->previous == PREFIX) && at->token == NAME &&
               strchr("'\"", p->source->text[at->where.end])) {
        diag_hint(e, "strings have no prefix and are not joined");
    } else if (first == LAYER && at->token == AS && at->place > 1) {
        diag_hint(e, "`as` stands before `from`: layer NAME = Kind(…) as int8 from \"prefix\"");
    } else if (at->previous == AS) {
        diag_hint(e, "what stands behind `as` is how the layer's matrices are kept: float32, int16, int8 or stored");
    } else if (at->previous == PREFIX) {
        diag_hint(e, "what stands before every key is a string: prefix \"model.\"");
    } else if (at->previous == FROM && at->token == NAME) {
        diag_hint(e, "the key stands in quotes: from \"%.*s\"", (int)(at->where.end - at->where.begin),
                  p->source->text + at->where.begin);
    } else if (first == WEIGHTS && at->token == NAME && at->place == 1) {
        diag_hint(e, "the name of the file stands in quotes");
    } else if (first == OUTPUT && at->place == 2 && at->token == '(') {
        diag_hint(e, "an output has a name: output NAME = EXPR");
    } else if (first == OUTPUT && at->token == '=' && at->place > 2 && !at->in_brackets) {
        diag_hint(e, "bind the names first, then: output a, b");
    } else if (has(expected, "'['") && !after_operand && !wants_expression) {
        diag_hint(e, "a type says the shape: float32[T, 3]; float32[] is a single number");
    } else if (at->place == 0 && at->token != END) {
        size_t behind = at->where.end;
        bool comment = at->token == FLOORDIV || (at->token == '/' && p->source->text[behind] == '*');
        if (comment) diag_hint(e, "a comment begins with #");
        else if (is_operator(at->token))
            diag_hint(e, "a statement goes on over the line's end inside ( ) and [ ] only");
    } else if (form_of(first) && !at->in_brackets && !after_operand && (!wants_expression || begins_value)) {
        diag_hint(e, "it is written %s", form_of(first));
    } else if (first == NAME) {
        hint_binding(p, at, e);
    }
}

void syntax_error(parser *p, const char *const *names, size_t count) {
    layout_context at = layout_where(p->layout);
    if (p->statement_broken || at.token == INVALID) return;
    p->statement_broken = true;
    name_set expected = {names, count};
    const char *list = list_expected(p->arena, &expected, &at), *found = describe_found(p, &at);
    diag *e = *list ? diag_error(p->diags, at.where, "expected %s, found %s", list, found)
                    : diag_error(p->diags, at.where, "unexpected %s", found);
    bool opened_before =
        source_place_of(p->source, at.opener.begin).line < source_place_of(p->source, at.where.begin).line;
    if (at.in_brackets && opened_before) diag_note(e, at.opener, "inside of this bracket");
    add_hint(p, &at, &expected, e);
}

/* ---- statements that are errors as a whole ---- */

#define NO_IMPORTS "nothing needs to be imported: layers are known by their torch.nn names"

static const char *word_at(const parser *p, span word) {
    return arena_strndup(p->arena, p->source->text + word.begin, word.end - word.begin);
}

ast_stmt *ast_reject_word_as_name(parser *p, span where) {
    const char *word = word_at(p, where);
    diag *e = diag_error(p->diags, where, "'%s' begins a statement of the language and cannot be bound", word);
    if (strcmp(word, "weights") == 0) diag_hint(e, "weights \"FILE\" has no '='; a value needs another name");
    else diag_hint(e, "choose another name, %s_ for example", word);
    return NULL;
}

ast_stmt *ast_reject_reserved(parser *p, span where) {
    const char *word = word_at(p, where);
    static const struct {
        const char *word, *instead;
    } known[] = {
        {"import", NO_IMPORTS},
        {"if", "a model does the same steps each time it runs; where(c, a, b) chooses between values"},
        {"fn", "write what it gives where it is used; a repeat block does it often"},
    };
    diag *e = diag_error(p->diags, where, "'%s' is reserved for later", word);
    bool is_bound = strcspn(p->source->text + where.end, "=,:") == strspn(p->source->text + where.end, " \t");
    if (is_bound) diag_hint(e, "choose another name, %s_ for example", word);
    for (size_t i = 0; i < sizeof known / sizeof *known && !is_bound; i++)
        if (strcmp(word, known[i].word) == 0) diag_hint(e, "%s", known[i].instead);
    return NULL;
}

ast_stmt *ast_reject_python(parser *p, span where) {
    const char *word = word_at(p, where);
    diag *e = diag_error(p->diags, where, "'%s' is Python, not a statement of the language", word);
    if (strcmp(word, "return") == 0) diag_hint(e, "what a model gives is written output NAME = EXPR, or output a, b");
    else if (strcmp(word, "def") == 0 || strcmp(word, "class") == 0)
        diag_hint(e, "a model is written model NAME { … }; what forward takes are its input lines");
    else if (strcmp(word, "from") == 0) diag_hint(e, "%s", NO_IMPORTS);
    else if (strcmp(word, "for") == 0 || strcmp(word, "while") == 0)
        diag_hint(e,
                  "a recurrent layer goes over all steps by itself; a loop over rows is written repeat x_t in x { … }, "
                  "one of N rounds repeat N { … }");
    else diag_hint(e, "leave it out");
    return NULL;
}

void ast_outside(parser *p, const ast_stmt *s) {
    if (!s || p->model_head_broken || p->outside_reported) return;
    diag *e = diag_error(p->diags, s->where, "this statement stands outside of a model");
    diag_hint(e, "put it between the { and } of model NAME { … }");
    p->outside_reported = true;
}

void ast_stray_brace(parser *p, span where) {
    if (!p->model_head_broken) diag_error(p->diags, where, "this '}' closes nothing");
    p->model_head_broken = p->outside_reported = false;
}
