/* cprint: the C tree as text, as a careful person would write it: four spaces, braces always, parentheses only where
 * precedence or a compiler's warning asks for them, lines of at most 120 columns. */
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ctree/ctree_nodes.h"
#include "support/memory.h"

enum { INDENT = 4 };

/* C's precedence levels, higher binds tighter. */
enum { P_LOWEST, P_CONDITIONAL, P_OR, P_AND, P_EQUAL, P_LESS, P_ADD, P_MUL, P_UNARY, P_POSTFIX };

static int binary_precedence(const char *op) {
    static const struct {
        const char *op;
        int precedence;
    } table[] = {{"||", P_OR},   {"&&", P_AND}, {"==", P_EQUAL}, {"!=", P_EQUAL}, {"<", P_LESS},
                 {"<=", P_LESS}, {">", P_LESS}, {">=", P_LESS},  {"+", P_ADD},    {"-", P_ADD},
                 {"*", P_MUL},   {"/", P_MUL},  {"%", P_MUL}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strcmp(table[i].op, op) == 0) return table[i].precedence;
    ice("no C operator %s", op);
}

static void print_expr(const cexpr *e, int outer, text *to);

/* What compilers' -Wparentheses asks for: && inside ||, a comparison or ! inside a comparison. */
static bool reads_doubtful(const cexpr *operand, int precedence) {
    bool compares = precedence == P_EQUAL || precedence == P_LESS;
    if (operand->kind == CEXPR_BINARY) {
        int own = binary_precedence(operand->text);
        return (precedence == P_OR && own == P_AND) || (compares && (own == P_EQUAL || own == P_LESS));
    }
    return compares && operand->kind == CEXPR_UNARY && operand->text[0] == '!';
}

static void print_operand(const cexpr *e, int precedence, int outer, text *to) {
    bool doubtful = reads_doubtful(e, precedence);
    if (doubtful) text_add(to, "(");
    print_expr(e, doubtful ? P_LOWEST : outer, to);
    if (doubtful) text_add(to, ")");
}

/* The right operand keeps its parentheses at equal precedence: for - / %, and because float addition and
 * multiplication are not associative. */
static void print_binary(const cexpr *e, int outer, text *to) {
    int p = binary_precedence(e->text);
    bool parentheses = p < outer;
    if (parentheses) text_add(to, "(");
    print_operand(e->first, p, p, to);
    text_printf(to, " %s ", e->text);
    print_operand(e->second, p, p + 1, to);
    if (parentheses) text_add(to, ")");
}

static void print_float(float value, text *to) {
    char number[40];
    if (isnan(value)) {
        text_add(to, "NAN");
    } else if (isinf(value)) {
        text_add(to, value < 0 ? "-INFINITY" : "INFINITY");
    } else {
        cfloat_print(value, number);
        text_add(to, number);
    }
}

static bool is_negative(const cexpr *e) {
    return (e->kind == CEXPR_FLOAT && signbit(e->real)) || (e->kind == CEXPR_INT && e->integer < 0);
}

static void print_number(const cexpr *e, int outer, text *to) {
    bool parentheses = is_negative(e) && outer >= P_UNARY;
    if (parentheses) text_add(to, "(");
    if (e->kind == CEXPR_INT) text_printf(to, "%lld", (long long)e->integer);
    else print_float(e->real, to);
    if (parentheses) text_add(to, ")");
}

/* An operator, or a cast, before its operand: "- -x" must not become "--x". */
static void print_prefix(const cexpr *e, int outer, text *to) {
    bool cast = e->kind == CEXPR_CAST, parentheses = outer > P_UNARY;
    bool nested = !cast && (e->first->kind == CEXPR_UNARY || is_negative(e->first));
    if (parentheses) text_add(to, "(");
    text_printf(to, cast ? "(%s)" : "%s", e->text);
    if (nested) text_add(to, "(");
    print_expr(e->first, nested ? P_LOWEST : P_UNARY, to);
    if (nested) text_add(to, ")");
    if (parentheses) text_add(to, ")");
}

static void print_conditional(const cexpr *e, int outer, text *to) {
    bool parentheses = outer > P_CONDITIONAL;
    if (parentheses) text_add(to, "(");
    print_expr(e->first, P_OR, to);
    text_add(to, " ? ");
    print_expr(e->second, P_OR, to);
    text_add(to, " : ");
    print_expr(e->third, P_CONDITIONAL, to);
    if (parentheses) text_add(to, ")");
}

static void print_call(const cexpr *e, text *to) {
    text_printf(to, "%s(", e->text);
    for (unsigned i = 0; i < e->argument_count; i++) {
        if (i) text_add(to, ", ");
        print_expr(e->arguments[i], P_LOWEST, to);
    }
    text_add(to, ")");
}

/* As the operand of an operator of precedence `outer`. */
static void print_expr(const cexpr *e, int outer, text *to) {
    switch (e->kind) {
    case CEXPR_NAME: text_add(to, e->text); break;
    case CEXPR_INT:
    case CEXPR_FLOAT: print_number(e, outer, to); break;
    case CEXPR_BINARY: print_binary(e, outer, to); break;
    case CEXPR_UNARY:
    case CEXPR_CAST: print_prefix(e, outer, to); break;
    case CEXPR_INDEX:
        print_expr(e->first, P_POSTFIX, to);
        text_add(to, "[");
        print_expr(e->second, P_LOWEST, to);
        text_add(to, "]");
        break;
    case CEXPR_MEMBER:
        print_expr(e->first, P_POSTFIX, to);
        text_printf(to, "%s%s", e->arrow ? "->" : ".", e->text);
        break;
    case CEXPR_CONDITIONAL: print_conditional(e, outer, to); break;
    case CEXPR_CALL: print_call(e, to); break;
    }
}

typedef struct {
    arena *arena;
    FILE *to;
} printer;

/* An operator between two operands: "* b", "&& b", not the pointer of "*b". */
static bool is_operator(const char *s) {
    size_t n = strspn(s, "+-*/%?:&|<>=!");
    return n > 0 && s[n] == ' ';
}

/* How much a cut at a space tears apart, the deeper in brackets the more: after a comma least, before a factor most. */
static int torn(const char *space, int depth) {
    bool closes = strchr(",;=", space[-1]), is_factor = strchr("*/%", space[1]);
    return 3 * depth + (closes ? 0 : is_factor ? 2 : 1);
}

/* Where a line that is too long is cut best: the last space that tears least apart and fits, after a comma or before
 * an operator. Behind a "=" only where all the rest fits into the next line. */
static size_t cut_of(const char *line, size_t room, size_t next_room) {
    size_t best = 0, length = strlen(line);
    int depth = 0, least = INT_MAX;
    for (size_t i = 0; line[i] && i <= room; i++) {
        if (line[i] == '(' || line[i] == '[' || line[i] == '{') depth++;
        if (line[i] == ')' || line[i] == ']' || line[i] == '}') depth--;
        if (line[i] != ' ' || i < 8) continue;
        /* between a type and its name, or a keyword and what follows, is no place to cut */
        bool assigns = line[i - 1] == '=', is_assignment = line[i + 1] == '=' || strncmp(line + i + 2, "= ", 2) == 0;
        bool breaks = line[i - 1] == ',' || line[i - 1] == ';' || (assigns && length - i <= next_room) ||
                      (is_operator(line + i + 1) && !(depth == 0 && is_assignment));
        if (breaks && torn(line + i, depth) <= least) {
            best = i;
            least = torn(line + i, depth);
        }
    }
    return best;
}

/* One logical line, wrapped with a continuation indent. */
static void put_line(const printer *p, int depth, const char *line) {
    int indent = depth * INDENT;
    size_t room = (size_t)(C_WIDTH - indent);
    if (strchr(line, '\n')) room = (size_t)-1;
    while (strlen(line) > room) {
        size_t cut = cut_of(line, room, (size_t)(C_WIDTH - depth * INDENT - 2 * INDENT));
        if (cut == 0) break;
        fprintf(p->to, "%*s%.*s\n", indent, "", (int)cut, line);
        line += cut + 1;
        indent = depth * INDENT + 2 * INDENT;
        room = (size_t)(C_WIDTH - indent);
    }
    fprintf(p->to, "%*s%s\n", *line ? indent : 0, "", line);
}

static void print_block(const printer *p, const cblock *b, int depth);
static void print_stmts(const printer *p, const cblock *b, int depth);

static void print_if(const printer *p, const cstmt *s, int depth, const char *lead) {
    text line = text_new(p->arena);
    text_printf(&line, "%sif (", lead);
    print_expr(s->from, P_LOWEST, &line);
    text_add(&line, ") {");
    put_line(p, depth, text_string(&line));
    print_block(p, s->body, depth + 1);
    if (!s->other) {
        put_line(p, depth, "}");
    } else if (s->other->first && s->other->first == s->other->last && s->other->first->kind == CSTMT_IF) {
        print_if(p, s->other->first, depth, "} else ");
    } else {
        put_line(p, depth, "} else {");
        print_block(p, s->other, depth + 1);
        put_line(p, depth, "}");
    }
}

static void add_for(const cstmt *s, text *line) {
    text_printf(line, "for (size_t %s = ", s->name);
    print_expr(s->from, P_LOWEST, line);
    if (s->kind == CSTMT_FOR_DOWN) {
        text_printf(line, "; %s-- > 0;) {", s->name);
        return;
    }
    text_printf(line, "; %s < ", s->name);
    print_expr(s->to, P_LESS + 1, line);
    if (s->number == 1) text_printf(line, "; %s++) {", s->name);
    else text_printf(line, "; %s += %lld) {", s->name, (long long)s->number);
}

/* Where a block declares nothing, it needs no braces of its own. */
static bool declares(const cblock *b) {
    for (const cstmt *s = b->first; s; s = s->next)
        if (s->kind == CSTMT_DECLARE || s->kind == CSTMT_ARRAY) return true;
    return false;
}

static void print_stmt(const printer *p, const cstmt *s, int depth) {
    text line = text_new(p->arena);
    switch (s->kind) {
    case CSTMT_DECLARE:
        cdeclarator_add(&line, s->type, s->name);
        if (s->to) {
            text_add(&line, " = ");
            print_expr(s->to, P_LOWEST, &line);
        }
        text_add(&line, ";");
        break;
    case CSTMT_ARRAY:
        cdeclarator_add(&line, s->type, s->name);
        text_printf(&line, "[%lld];", (long long)s->number);
        break;
    case CSTMT_ASSIGN:
        print_expr(s->from, P_LOWEST, &line);
        text_printf(&line, " %s ", s->type);
        print_expr(s->to, P_LOWEST, &line);
        text_add(&line, ";");
        break;
    case CSTMT_DO:
        print_expr(s->from, P_LOWEST, &line);
        text_add(&line, ";");
        break;
    case CSTMT_RETURN:
        text_add(&line, "return");
        if (s->from) {
            text_add(&line, " ");
            print_expr(s->from, P_LOWEST, &line);
        }
        text_add(&line, ";");
        break;
    case CSTMT_COMMENT: ccomment_print(p->to, depth * INDENT, s->name); return;
    case CSTMT_LINE: fprintf(p->to, "%s\n", s->name); return;
    case CSTMT_BREAK: text_add(&line, "break;"); break;
    case CSTMT_BLANK: break;
    case CSTMT_FOR:
    case CSTMT_FOR_DOWN: add_for(s, &line); break;
    case CSTMT_IF: print_if(p, s, depth, ""); return;
    case CSTMT_SCOPE:
        if (!declares(s->body)) {
            print_stmts(p, s->body, depth);
            return;
        }
        text_add(&line, "{");
        break;
    }
    put_line(p, depth, text_string(&line));
    if (s->body) {
        print_block(p, s->body, depth + 1);
        put_line(p, depth, "}");
    }
}

static void print_stmts(const printer *p, const cblock *b, int depth) {
    for (const cstmt *s = b->first; s; s = s->next) print_stmt(p, s, depth);
}

static void print_block(const printer *p, const cblock *b, int depth) {
    /* the braces of a scope that is all of a block say nothing */
    while (b->first && b->first == b->last && b->first->kind == CSTMT_SCOPE) b = b->first->body;
    print_stmts(p, b, depth);
}

static void print_function(const printer *p, const cfunction *f) {
    text line = text_new(p->arena);
    cdeclarator_add(&line, f->type, f->name ? f->name : "");
    text_add(&line, "(");
    if (f->parameter_count == 0) text_add(&line, "void");
    for (size_t i = 0; i < f->parameter_count; i++) {
        if (i) text_add(&line, ", ");
        cdeclarator_add(&line, f->parameters[i].type, f->parameters[i].name);
    }
    text_add(&line, ")");
    if (!f->body->first) {
        text_add(&line, ";");
        put_line(p, 0, text_string(&line));
        return;
    }
    text_add(&line, " {");
    put_line(p, 0, text_string(&line));
    print_block(p, f->body, 1);
    put_line(p, 0, "}");
    put_line(p, 0, "");
}

const char *cfunction_text(const cfunction *f) {
    char *bytes;
    size_t size;
    arena *a = arena_new();
    printer p = {a, memory_open(&bytes, &size)};
    print_function(&p, f);
    memory_close(p.to);
    arena_free(a);
    const char *copy = arena_strndup(f->unit->arena, bytes, size);
    free(bytes);
    return copy;
}

bool cunit_print(const cunit *u, FILE *to) {
    /* A function's lines are text of their own, thrown away with this arena. */
    for (const ctop *t = u->first; t; t = t->next) {
        arena *a = arena_new();
        printer p = {a, to};
        switch (t->kind) {
        case CTOP_LINE: fprintf(to, "%s\n", t->text); break;
        case CTOP_BLANK: fputc('\n', to); break;
        case CTOP_FUNCTION:
            if (t->function->comment) ccomment_print(to, 0, t->function->comment);
            print_function(&p, t->function);
            break;
        case CTOP_ENUM: fprintf(to, "enum { %s = %lld };\n", t->text, (long long)t->value); break;
        case CTOP_TABLE: ctable_print(t->table, u->section, to); break;
        case CTOP_WEIGHTS: cweights_print(u, to); break;
        }
        arena_free(a);
    }
    return fflush(to) == 0 && !ferror(to);
}
