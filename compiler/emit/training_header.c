/* training_header: what a header says of training. */
#include "emit/arguments.h"
#include "emit/banner.h"
#include "emit/training_pack.h"
#include "emit/training.h"

static void add(arena *a, emit_members *to, const char *type, const char *name, int64_t elements, const char *comment) {
    emit_member m = {type, name, elements, comment, false};
    if (elements) ARENA_PUSH(a, to->items, to->count, to->capacity, m);
}

void training_members(arena *a, const plan *p, emit_members *to) {
    const ir_model *m = p->model;
    const param_places *places = p->packs->params;
    int64_t floats = places->floats;
    unsigned moments = ir_moments(m->training);
    add(a, to, "float", "parameters", floats + places->tail,
        "in ascending order of their keys: row-major, but for matrices that lie as kernels read them");
    add(a, to, "float", "gradients", m->training->at_once ? 0 : floats, "in the same order");
    add(a, to, "float", "moments", moments * floats, "of the optimizer: in the same order, one kind after another");
    add(a, to, "float", "packs", p->packs->floats, "what else kernels read of parameters");
    add(a, to, "int32_t", "steps", training_has_step(m), "that the optimizer has done");
    add(a, to, "uint32_t", "random", training_has_dropout(p) ? 4 : 0,
        "of dropout: the seed and the number of the call");
}

void training_print_macros(const plan *p, const emit_api *api, FILE *to) {
    arena *a = arena_new();
    const ir_model *m = p->model;
    long long floats = ir_living_floats(m);
    size_t count;
    const ir_param **all = ir_living_params(a, m, &count);
    if (training_has_step(m)) {
        char lr[32];
        cfloat_print((float)m->training->optimizers[0].lr, lr);
        fprintf(to, "#define %s_LR %s%s\n", api->upper, lr,
                m->training->optimizer_count > 1 ? " /* of the first optimizer */" : "");
    }
    fprintf(to, "#define %s_PARAM_FLOATS %lld /* trained parameters and moving statistics */\n", api->upper, floats);
    fprintf(to, "#define %s_SAVE_BYTES %lld\n\n", api->upper, training_header_bytes(m) + 4 * floats);
    fprintf(to, "/* What %s_get_params and its like have, flat and row-major:\n *   %-10s %-16s key\n", api->name,
            "offset", "shape");
    for (size_t i = 0; i < count; i++) {
        const char *key = arena_printf(a, "%s%s", m->weights_prefix ? m->weights_prefix : "", all[i]->key);
        char *plain = arena_strdup(a, key); /* a key may be any string */
        for (char *c = plain; *c; c++)
            if ((unsigned char)*c < ' ' || (*c == '/' && (c > plain && c[-1] == '*')) || *c == 0x7F) *c = '?';
        fprintf(to, " *   %-10lld %-16s %s%s\n", (long long)all[i]->offset, ir_shape_string(a, &all[i]->type), plain,
                all[i]->moving ? " (a moving statistic)" : "");
    }
    fprintf(to, " */\n\n");
    arena_free(a);
}

/* A function of the dims, inputs, targets and outputs. */
static void print_call(arena *a, const char *what, const ir_model *m, const emit_api *api, const char *lr, FILE *to) {
    const char *head = arena_printf(a, "nnc_status %s_%s(", api->name, what);
    emit_print_wrapped(to, head, arguments_declared(a, m, api, lr), ");");
}

void training_print_declarations(const plan *p, const emit_api *api, FILE *to) {
    arena *a = arena_new();
    const ir_model *m = p->model, *train = m->training->train, *eval = m->training->eval;
    const char *name = api->name, *type = api->type;
    bool step = training_has_step(m), train_only = m->training->train_only;
    if (m->state_count)
        fprintf(to, "\n/* Sets the first state alone: a new sequence begins. */\nvoid %s_reset_state(%s *self);\n",
                name, type);
    fprintf(to,
            "\n/* Draws the trained parameters as torch's modules do; one seed gives one result. Forgets gradients and "
            "moments. */\n"
            "void %s_init(%s *self, uint64_t seed);\n",
            name, type);
    if (training_has_dropout(p))
        fprintf(to,
                "\n/* Dropout's seed (0 after reset), and its calls counted from 0 again. */\nvoid %s_seed(%s *self, "
                "uint64_t seed);\n",
                name, type);
    fprintf(to, "\n/* The loss as %s_run computes: without dropout, with running statistics. Moves the state on. */\n",
            name);
    print_call(a, "eval", eval, api->eval, NULL, to);
    fprintf(to, "\n/* Training, with the status of %s_run, and NNC_ERR_TARGET; on an error nothing has changed.%s\n",
            name,
            train_only ? ""
                       : arena_printf(a, "\n * %s_grad adds to the gradients%s.", name,
                                      step ? arena_printf(a,
                                                          "; %s_step updates the parameters and sets the gradients to "
                                                          "zero;\n * %s_train does both",
                                                          name, name)
                                           : ""));
    arguments_print(train, api->train, to);
    fprintf(to, " */\n");
    if (!train_only) print_call(a, "grad", train, api->train, NULL, to);
    if (step && !train_only) fprintf(to, "nnc_status %s_step(%s *self, float lr);\n", name, type);
    if (step) print_call(a, "train", train, api->train, api->train->lr, to);
    fprintf(to, "void %s_zero_grad(%s *self);\n", name, type);
    fprintf(to,
            "\n/* %s_PARAM_FLOATS floats out of the struct, or into it; copy_params: of one struct into another. */\n",
            api->upper);
    fprintf(to, "void %s_get_params(const %s *self, float *to);\nvoid %s_set_params(%s *self, const float *from);\n",
            name, type, name, type);
    if (!train_only) fprintf(to, "void %s_get_grads(const %s *self, float *to); /* 0 for statistics */\n", name, type);
    fprintf(to, "void %s_copy_params(%s *self, const %s *from);\n", name, type, type);
    fprintf(to,
            "\n/* A .safetensors file of the parameters, %s_SAVE_BYTES bytes, as PyTorch and nnc read it. restore "
            "takes one with the\n"
            " * same header, else gives NNC_ERR_WEIGHTS; moments stay. */\n",
            api->upper);
    fprintf(
        to,
        "void %s_save(const %s *self, void *to);\nnnc_status %s_restore(%s *self, const void *from, size_t bytes);\n",
        name, type, name, type);
    arena_free(a);
}
