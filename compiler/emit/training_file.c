/* training_file: NAME_save and NAME_restore: the parameters as a .safetensors file, whose header is a constant. */
#include <string.h>

#include "emit/training_pack.h"
#include "emit/training.h"
#include "emit/training_parts.h"

static void add_escaped(text *to, const char *s) {
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (c == '"' || c == '\\') text_printf(to, "\\%c", c);
        else if (c == '\n') text_add(to, "\\n");
        else if (c == '\r') text_add(to, "\\r");
        else if (c == '\t') text_add(to, "\\t");
        else if (c == '\b') text_add(to, "\\b");
        else if (c == '\f') text_add(to, "\\f");
        else if (c < 0x20) text_printf(to, "\\u%04x", c);
        else text_add_n(to, s, 1);
    }
}

/* The JSON header of a .safetensors file of the struct's parameters, as the safetensors library writes it, padded. */
static const char *file_header(arena *a, const ir_model *m) {
    size_t count;
    const ir_param **all = ir_living_params(a, m, &count);
    text t = text_new(a);
    int64_t at = 0;
    text_add(&t, "{");
    for (size_t i = 0; i < count; i++) {
        const ir_type *type = &all[i]->type;
        int64_t end = at + 4 * ir_param_elements(all[i]);
        text_add(&t, i ? ",\"" : "\"");
        if (m->weights_prefix) add_escaped(&t, m->weights_prefix);
        add_escaped(&t, all[i]->key);
        text_add(&t, "\":{\"dtype\":\"F32\",\"shape\":[");
        for (unsigned d = 0; d < type->rank; d++)
            text_printf(&t, "%s%lld", d ? "," : "", (long long)dim_max(type->dims[d]));
        text_printf(&t, "],\"data_offsets\":[%lld,%lld]}", (long long)at, (long long)end);
        at = end;
    }
    text_add(&t, "}");
    while (strlen(text_string(&t)) % 8) text_add(&t, " ");
    return text_string(&t);
}

enum { LENGTH_BYTES = 8 }; /* of the header, before it */

int64_t training_header_bytes(const ir_model *m) {
    return LENGTH_BYTES + (int64_t)strlen(file_header(m->arena, m));
}

/* As numbers: a string of this length is more than C99 promises to take. */
static void file_table(const training *t) {
    arena *a = t->e->arena;
    const char *header = file_header(a, t->model);
    uint64_t length = strlen(header);
    text line = text_new(a);
    c_top_line(t->u, "/* How what %s_save writes begins: the header of a .safetensors file. */", t->api->name);
    c_top_line(t->u, "static const unsigned char %s_file[] = {", t->api->name);
    for (uint64_t i = 0; i < length + LENGTH_BYTES; i++) {
        unsigned byte = i < LENGTH_BYTES ? (unsigned)(length >> 8 * i & 255u) : (unsigned char)header[i - LENGTH_BYTES];
        text_printf(&line, "%s%u,", i % 20 ? " " : "    ", byte);
        if (i % 20 != 19 && i + 1 < length + LENGTH_BYTES) continue;
        c_top_line(t->u, "%s", text_string(&line));
        line = text_new(a);
    }
    c_top_line(t->u, "};");
    c_top_blank(t->u);
}

/* Byte i of the four of a word. */
static cexpr *byte_at(const training *t, const char *bytes, int i) {
    cunit *u = t->u;
    return c_item(u, bytes, c_add(u, c_mul(u, c_int(u, 4), c_name(u, "i")), c_int(u, i)));
}

static void save_function(const training *t) {
    cunit *u = t->u;
    cfunction *f = training_function(t, "void", "save", "const ");
    c_parameter(f, "void *", "to");
    cblock *b = c_body(f);
    cexpr *size = c_call(u, "sizeof", 1, c_namef(u, "%s_file", t->api->name)), *word = c_name(u, "word");
    c_do(b, c_call(u, "memcpy", 3, c_name(u, "to"), c_namef(u, "%s_file", t->api->name), size));
    c_declare(b, "unsigned char *", "bytes", c_add(u, c_cast(u, "unsigned char *", c_name(u, "to")), size));
    b = training_for_each(t, b);
    c_declare(b, "uint32_t", "word", NULL);
    cexpr *from = c_unary(u, "&", training_at(t, "parameters", c_name(u, "i")));
    c_do(b, c_call(u, "memcpy", 3, c_unary(u, "&", word), from, c_call(u, "sizeof", 1, word)));
    for (int i = 0; i < 4; i++) {
        cexpr *part = i ? c_binary(u, "/", word, c_namef(u, "%uu", 1u << 8 * i)) : word;
        c_assign(b, byte_at(t, "bytes", i), "=",
                 c_cast(u, "unsigned char", c_binary(u, "%", part, c_name(u, "256u"))));
    }
    c_function_end(f);
}

static void restore_function(const training *t) {
    cunit *u = t->u;
    cfunction *f = training_function(t, "nnc_status", "restore", "");
    c_parameter(f, "const void *", "from");
    c_parameter(f, "size_t", "bytes");
    cblock *b = c_body(f);
    cexpr *self = c_name(u, "self"), *from = c_name(u, "from"), *null = c_name(u, "NULL"), *word = c_name(u, "word");
    cexpr *size = c_call(u, "sizeof", 1, c_namef(u, "%s_file", t->api->name));
    c_return(c_if(b, c_binary(u, "||", c_binary(u, "==", self, null), c_binary(u, "==", from, null))),
             c_name(u, "NNC_ERR_NULL"));
    cexpr *length = c_binary(u, "!=", c_name(u, "bytes"), c_namef(u, "%s_SAVE_BYTES", t->api->upper));
    cexpr *header = c_call(u, "memcmp", 3, from, c_namef(u, "%s_file", t->api->name), size);
    c_return(c_if(b, c_binary(u, "||", length, c_binary(u, "!=", header, c_int(u, 0)))), c_name(u, "NNC_ERR_WEIGHTS"));
    c_declare(b, "const unsigned char *", "data", c_add(u, c_cast(u, "const unsigned char *", from), size));
    cblock *loop = training_for_each(t, b);
    cexpr *sum = NULL;
    for (int i = 0; i < 4; i++) {
        cexpr *part = c_cast(u, "uint32_t", byte_at(t, "data", i));
        if (i) part = c_mul(u, part, c_namef(u, "%uu", 1u << 8 * i));
        sum = sum ? c_add(u, sum, part) : part;
    }
    c_declare(loop, "const uint32_t", "word", sum);
    cexpr *to = c_unary(u, "&", training_at(t, "parameters", c_name(u, "i")));
    c_do(loop, c_call(u, "memcpy", 3, to, c_unary(u, "&", word), c_call(u, "sizeof", 1, word)));
    training_pack_call(t->e, b, t->api);
    c_return(b, c_name(u, "NNC_OK"));
    c_function_end(f);
}

void training_file_functions(const training *t) {
    file_table(t);
    save_function(t);
    restore_function(t);
}
