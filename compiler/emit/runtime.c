/* runtime: see runtime.h. */
#include "emit/runtime.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "emit/emit.h"
#include "support/name_set.h"

static const char *after(const char *line) {
    const char *found = strstr(nnc_runtime_text, line);
    if (!found) ice("the runtime has no line %s", line);
    return found + strlen(line);
}

static const char status_begin[] = "/* nnc status: begin */\n", status_end[] = "/* nnc status: end */\n";

void emit_print_status(FILE *to) {
    const char *begin = after(status_begin), *end = after(status_end) - strlen(status_end);
    fwrite(begin, 1, (size_t)(end - begin), to);
}

int emit_runtime_version(void) { return atoi(after("#define NNC_RUNTIME_VERSION ")); }

/* --- names in C text --- */

typedef struct {
    const char *begin, *at, *end;
    bool condition; /* in the lines of an #if, which ask for a name and do not use it */
    bool declares;  /* behind a word that begins a function, on the same line */
} reader;

typedef struct {
    const char *begin;
    size_t length;
    bool defined; /* here, by #define or as a function */
} name;

static reader reader_of(const char *bytes, size_t length) {
    return (reader){bytes, bytes, bytes + length, false, false};
}

static bool starts(const reader *r, const char *s) {
    return (size_t)(r->end - r->at) >= strlen(s) && memcmp(r->at, s, strlen(s)) == 0;
}

static bool is(const name *n, const char *s) { return n->length == strlen(s) && memcmp(n->begin, s, n->length) == 0; }

/* a##_b is one word. */
static void read_word(reader *r, name *n) {
    n->begin = r->at;
    while (r->at < r->end && (isalnum((unsigned char)*r->at) || *r->at == '_' || starts(r, "##") || r->at[-1] == '#'))
        r->at++;
    n->length = (size_t)(r->at - n->begin);
}

static void skip_comment(reader *r) {
    while (r->at < r->end && !starts(r, "*/")) r->at++;
}

/* The next name; false: none is left. */
static bool next_name(reader *r, name *n) {
    bool directive = false, define = false;
    for (; r->at < r->end; r->at++) {
        if (*r->at == '\n') {
            r->condition = r->condition && r->at > r->begin && r->at[-1] == '\\';
            r->declares = directive = false;
        } else if (starts(r, "/*")) {
            skip_comment(r);
        } else if (*r->at == '#') {
            directive = true;
        } else if (isalnum((unsigned char)*r->at) || *r->at == '_') {
            read_word(r, n);
            if (directive) {
                define = is(n, "define");
                r->condition = n->length > 1 && (memcmp(n->begin, "if", 2) == 0 || memcmp(n->begin, "el", 2) == 0);
            } else if (!isdigit((unsigned char)*n->begin)) {
                bool begins = is(n, "INLINE") || is(n, "NNC_FUNCTION") ||
                              (n->length >= 10 && memcmp(n->begin, "NNC_INLINE", 10) == 0);
                n->defined = define || (r->declares && starts(r, "("));
                r->declares = begins || (r->declares && !n->defined);
                return true;
            }
            directive = false;
            r->at--;
        }
    }
    return false;
}

/* --- the runtime's blocks --- */

enum { MOST_BLOCKS = 32 };

/* Text with no border of a block in it. */
typedef struct {
    const char *bytes;
    size_t length;
    uint32_t blocks; /* around it, a bit each */
    bool wanted;
} piece;

typedef struct {
    arena *arena;
    const char *blocks[MOST_BLOCKS];
    unsigned block_count;
    piece *pieces;
    size_t piece_count, piece_capacity;
    name_set *owners; /* of what is defined: the piece with the fewest blocks around */
    uint32_t wanted;
} parts;

static uint32_t block_of(parts *p, const char *block) {
    unsigned i = 0;
    while (i < p->block_count && strcmp(p->blocks[i], block) != 0) i++;
    if (i == MOST_BLOCKS) ice("the runtime has too many parts");
    if (i == p->block_count) p->blocks[p->block_count++] = block;
    return (uint32_t)1 << i;
}

static void add_piece(parts *p, const char *bytes, const char *end, uint32_t blocks) {
    piece new = {bytes, (size_t)(end - bytes), blocks, false};
    ARENA_PUSH(p->arena, p->pieces, p->piece_count, p->piece_capacity, new);
}

static void read_pieces(parts *p) {
    static const char mark[] = "/* nnc ";
    const char *bytes = nnc_runtime_text, *end = bytes + nnc_runtime_size, *line;
    uint32_t around = 0;
    for (line = bytes; (line = strstr(line, mark)); line = bytes) {
        const char *word = line + strlen(mark), *colon = strchr(word, ':');
        uint32_t block = block_of(p, arena_strndup(p->arena, word, (size_t)(colon - word)));
        bool begins = strncmp(colon, ": begin */\n", 11) == 0;
        if (begins == ((around & block) != 0)) ice("the runtime's parts do not match");
        add_piece(p, bytes, line, around);
        around ^= block;
        bytes = strchr(line, '\n') + 1;
    }
    add_piece(p, bytes, end, around);
}

/* A layer's function is one name for all layers: nnc_v4_exp and V##_exp are *exp. NULL: no name of the runtime's. */
static const char *key_of(parts *p, const name *n, uint32_t *layer) {
    const char *word = arena_strndup(p->arena, n->begin, n->length), *rest = strstr(word, "##_");
    *layer = 0;
    if (rest) return arena_printf(p->arena, "*%s", rest + 3);
    if (strncmp(word, "nnc_v", 5) == 0 && isdigit((unsigned char)word[5])) {
        int lanes = atoi(word + 5);
        if (lanes > 1) *layer = block_of(p, lanes == 4 ? "vector4" : "wide");
        rest = strchr(word + 5, '_');
        return rest ? arena_printf(p->arena, "*%s", rest + 1) : NULL;
    }
    return strncmp(word, "nnc_", 4) == 0 || strncmp(word, "NNC_", 4) == 0 ? word : NULL;
}

static void note_definitions(parts *p, const piece *of) {
    reader r = reader_of(of->bytes, of->length);
    uint32_t layer;
    for (name n; next_name(&r, &n);) {
        const char *key = n.defined ? key_of(p, &n, &layer) : NULL;
        if (!key) continue;
        const piece **owner = (const piece **)name_set_value(p->owners, key);
        if (!*owner || __builtin_popcount(of->blocks) < __builtin_popcount((*owner)->blocks)) *owner = of;
    }
}

static void want_names(parts *p, const char *bytes, size_t length, bool conditions) {
    reader r = reader_of(bytes, length);
    for (name n; next_name(&r, &n);) {
        uint32_t layer;
        const char *key = r.condition && !conditions ? NULL : key_of(p, &n, &layer);
        if (!key) continue;
        const piece *owner = name_set_has(p->owners, key) ? *name_set_value(p->owners, key) : NULL;
        p->wanted |= layer | (owner ? owner->blocks : 0);
    }
}

/* Pieces whose blocks are all wanted, and what these use. */
static void want_pieces(parts *p) {
    for (bool more = true; more;) {
        more = false;
        for (size_t i = 0; i < p->piece_count; i++) {
            piece *of = &p->pieces[i];
            if (of->wanted || (of->blocks & ~p->wanted)) continue;
            of->wanted = more = true;
            want_names(p, of->bytes, of->length, false);
        }
    }
}

void emit_print_runtime(const char *code, FILE *to) {
    arena *a = arena_new();
    parts p = {.arena = a, .owners = name_set_new(a)};
    read_pieces(&p);
    for (size_t i = 0; i < p.piece_count; i++) note_definitions(&p, &p.pieces[i]);
    want_names(&p, code, strlen(code), true);
    want_pieces(&p);
    bool blank = false;
    for (size_t i = 0; i < p.piece_count; i++) {
        const piece *of = &p.pieces[i];
        const char *bytes = of->bytes, *end = bytes + of->length;
        if (of->blocks == block_of(&p, "status")) fputs("/* The status codes are in the model's header. */\n", to);
        if (!of->wanted) continue;
        while (blank && bytes < end && *bytes == '\n') bytes++;
        if (bytes == end) continue;
        fwrite(bytes, 1, (size_t)(end - bytes), to);
        blank = end - bytes > 1 && end[-2] == '\n';
    }
    arena_free(a);
}
