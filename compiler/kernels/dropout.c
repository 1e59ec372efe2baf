/* dropout: y = x, but 0 where the mask says so, and the rest divided by 1 - p.
 *
 * The mask is computed, not kept: element i of the result (row-major) is dropped where word i % 4 of Philox4x32-10
 * (J. Salmon et al., Parallel random numbers: as easy as 1, 2, 3, 2011) with key = the seed's low and high word and
 * counter = (i / 4, site, call's low, call's high word) is below floor(p * 2^32). So the backward part finds the same
 * one. */
#include <math.h>

#include "kernels/kernel.h"

static const char bits[] =
    "/* Four random words: Philox4x32-10. */\n"
    "static void %s(const uint32_t *random, uint32_t first, uint32_t site, uint32_t *words) {\n"
    "    uint32_t key0 = random[0], key1 = random[1];\n"
    "    words[0] = first;\n"
    "    words[1] = site;\n"
    "    words[2] = random[2];\n"
    "    words[3] = random[3];\n"
    "    for (int round = 0; round < 10; round++) {\n"
    "        const uint64_t a = (uint64_t)0xD2511F53u * words[0], b = (uint64_t)0xCD9E8D57u * words[2];\n"
    "        words[0] = (uint32_t)(b >> 32) ^ words[1] ^ key0;\n"
    "        words[1] = (uint32_t)b;\n"
    "        words[2] = (uint32_t)(a >> 32) ^ words[3] ^ key1;\n"
    "        words[3] = (uint32_t)a;\n"
    "        key0 += 0x9E3779B9u;\n"
    "        key1 += 0xBB67AE85u;\n"
    "    }\n"
    "}\n";

const char *emit_random_words(emit_context *e) {
    cexpr **made = emit_once_in_file(e, "random words");
    if (*made) return c_text(*made);
    const char *name = emit_name(e, "random_words");
    c_top_line(e->unit, bits, name);
    *made = c_name(e->unit, name);
    return name;
}

void emit_dropout(emit_context *e, const plan_kernel *k, cfunction *f) {
    cunit *u = e->unit;
    const plan_operand *x = &k->inputs[0], *y = &k->results[0];
    const ir_attrs *a = &k->node->attrs;
    double limit = floor(a->number * 4294967296.0);
    cblock *b = c_body(f);
    const char *words = emit_random_words(e);
    cexpr *i = c_name(u, "i"), *four = c_int(u, 4);
    cexpr *index[IR_MAX_RANK] = {0};
    c_declare_array(b, "uint32_t", "words", 4);
    c_declare(b, "size_t", "i", c_int(u, 0));
    for (unsigned d = 0; d < y->view.type.rank; d++) {
        const char *name = arena_printf(e->arena, "d%u", d);
        b = c_for(b, name, c_int(u, 0), emit_dim(e, y->view.type.dims[d]), 1);
        index[d] = c_name(u, name);
    }
    cexpr *to = emit_element(e, y->name, &y->view, index);
    cexpr *from = x->kind == PLAN_MEMORY ? emit_element(e, x->name, &x->view, index) : emit_number(e, x);
    cblock *next = c_if(b, c_binary(u, "==", c_binary(u, "%", i, four), c_int(u, 0)));
    c_do(next, c_call(u, words, 4, c_name(u, "random"), c_cast(u, "uint32_t", c_binary(u, "/", i, four)),
                      c_namef(u, "%uu", (unsigned)a->index), c_name(u, "words")));
    cexpr *kept = c_binary(u, "/", from, c_float(u, (float)(1 - a->number)));
    cexpr *dropped = c_binary(u, "<", c_item(u, "words", c_binary(u, "%", i, four)), c_namef(u, "%.0fu", limit));
    c_assign(b, to, "=", limit >= 4294967296.0 ? c_float(u, 0) : c_conditional(u, dropped, c_float(u, 0), kept));
    c_assign(b, i, "+=", c_int(u, 1));
}
