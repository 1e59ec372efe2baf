/* weights_target: what the fuzz targets of weights readers do with a file: open it, load every
 * tensor, bind it to a model that wants some of everything (what does not fit is described, so that
 * is reached too). */
#ifndef NNC_FUZZ_WEIGHTS_TARGET_H
#define NNC_FUZZ_WEIGHTS_TARGET_H

#include "as_file.h"
#include "lower/lower.h"
#include "syntax/parse.h"
#include "weights/bind.h"
#include "weights/describe.h"

enum {
    MOST_ELEMENTS = 1 << 16,
    MOST_DICTS = 20
}; /* expanded tensors have as many elements as they like */

static const char model_text[] =
    "model m {\n"
    "    dim T = 1..4\n"
    "    weights \"w\"\n"
    "    input ids: int32[T]\n"
    "    param p: float32[2] from \"p\"\n"
    "    layer e = Embedding(3, 2)\n"
    "    layer l = LSTM(2, 2)\n"
    "    layer g = GRU(2, 1, bias=False)\n"
    "    layer r = RNN(1, 1)\n"
    "    layer o = Linear(1, 2)\n"
    "    layer n = LayerNorm(2)\n"
    "    layer b = BatchNorm1d(2)\n"
    "    layer c = Conv1d(2, 1, 1)\n"
    "    x, _ = l(e(ids))\n"
    "    x, _ = g(x)\n"
    "    x, _ = r(x)\n"
    "    x = b(n(o(x)) + p)\n"
    "    output y = c(permute(x, 1, 0))\n"
    "}\n"
    "model k {\n"
    "    weights \"w\" prefix \"m.\"\n"
    "    input x: float32[1, 2]\n"
    "    layer o = Linear(2, 2)\n"
    "    output y = o(x)\n"
    "}\n";

static void read_dict(arena *a, const tensor_file *f, const tensor_dict *d) {
    for (size_t i = 0; i < d->count; i++) {
        const tensor *t = &d->tensors[i];
        fuzz_check(strlen(tensor_name_quoted(a, t->name)) >= 2, t->name);
        fuzz_check(i == 0 || strcmp(d->tensors[i - 1].name, t->name) < 0,
                   "sorted, and no name twice");
        fuzz_check(tensor_find(d, t->name) == t, t->name);
        describe_layer(a, d, t->name, "");
        if (t->dtype == TENSOR_OTHER || t->elements > MOST_ELEMENTS) continue;
        tensor_request r = {.tensor = t};
        tensors_load(a, f, &r, 1);
        const float *same = tensor_in_place(t);
        fuzz_check(r.problem || !same || memcmp(same, r.to, t->elements * sizeof *same) == 0,
                   t->name);
    }
    describe_layer(a, d, "", "layer l = LSTM(2, 2)");
}

static void fuzz_weights_file(const uint8_t *data, size_t size, const char *key) {
    arena *a = arena_new();
    source *s = source_from_text(a, "m.nn", model_text, sizeof model_text - 1);
    diag_list *diags = diag_list_new(a, s);
    lowered_file lowered = lower_file(a, parse_file(a, s, diags), diags);
    fuzz_check(lowered.count == 2 && !diag_error_count(diags), "the models above are right");

    int file;
    const char *path = as_file(a, data, size, &file);
    tensor_file *f = tensor_file_open(a, path, diags, (span){0, 0});
    fuzz_check(!f == !!diag_error_count(diags), "a file is opened, or there is an error");
    if (f) {
        fuzz_check(f->dict_count > 0 && f->format, "a file has a dict");
        for (size_t i = 0; i < f->dict_count && i < MOST_DICTS; i++) read_dict(a, f, &f->dicts[i]);
        bind_weights(lowered.models, lowered.count, f, key, diags, (span){0, 0});
        bool bound = true;
        for (size_t i = 0; i < lowered.models[0]->param_count; i++)
            bound = bound && lowered.models[0]->params[i].data;
        fuzz_check(bound || diag_error_count(diags), "every param is bound, or there is an error");
    }
    fuzz_show(diags);
    tensor_file_close(f);
    close(file);
    arena_free(a);
}

#endif
