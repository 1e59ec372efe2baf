/* kann_train.c: steps of training with KANN (kann.h and its two C files), as a contestant. Arguments: a file of targets, the
 * learning rate, a file of weights, and kind, layers, vocabulary and optimizer of the workload.
 *
 * The network is unrolled once. Its LSTM begins with the weights given; where PyTorch has two biases it has one, their sum,
 * which therefore takes two steps at a time. Its GRU resets before the product, which PyTorch's does after it: that one keeps
 * the weights that KANN draws, and is timed only. */
#include "contestant.h"

#include <math.h>

#include "kann.h"

static kann_t *network;
static float **steps_x, **steps_y; /* what the unrolled network reads, a matrix a step */
static int32_t *targets;
static float *weights, rate, *moments;
static int adam, vocabulary;
static double taken; /* steps of Adam */
static kad_node_t *biases[8];
static int bias_count;
static float *first; /* the parameters that it begins with */

static float *place; /* in the weights, as they are handed out */

static void take(float *to, size_t count) {
    memcpy(to, place, count * sizeof *to);
    place += count;
}

/* The parameters of one LSTM, by its result; the file has PyTorch's order of gates, i f g o. */
static void lend_lstm(const kad_node_t *out, size_t inputs, size_t hidden) {
    const kad_node_t *c = out->child[0]->child[0];
    const kad_node_t *gates[] = {c->child[1]->child[1], c->child[0]->child[0], c->child[1]->child[0], out->child[1]};
    kad_node_t *w[4], *u[4], *b[4];
    for (int g = 0; g < 4; g++) {
        const kad_node_t *sum = gates[g]->child[0];
        b[g] = biases[bias_count++] = sum->child[1];
        w[g] = sum->child[0]->child[0]->child[1];
        u[g] = sum->child[0]->child[1]->child[1];
    }
    for (int g = 0; g < 4; g++) take(w[g]->x, hidden * inputs);
    for (int g = 0; g < 4; g++) take(u[g]->x, hidden * hidden);
    for (int g = 0; g < 4; g++) take(b[g]->x, hidden);
    for (int g = 0; g < 4; g++)
        for (size_t i = 0; i < hidden; i++) b[g]->x[i] += *place++;
}

static void *contents(const char *path, size_t *bytes) {
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END)) fail("cannot read a file");
    *bytes = (size_t)ftell(file);
    void *all = memory_of(*bytes);
    rewind(file);
    if (fread(all, 1, *bytes, file) != *bytes) fail("cannot read a file");
    fclose(file);
    return all;
}

static void load(int argc, char **argv) {
    size_t bytes, classes = sizes.output, inputs;
    flush_denormals();
    if (argc != 7) fail("arguments: targets, learning rate, weights, kind, layers, vocabulary, optimizer");
    targets = (int32_t *)contents(argv[0], &bytes);
    rate = strtof(argv[1], NULL);
    weights = place = (float *)contents(argv[2], &bytes);
    int lstm = !strcmp(argv[3], "LSTM"), layers = atoi(argv[4]);
    vocabulary = atoi(argv[5]);
    adam = !strcmp(argv[6], "Adam");
    if (layers > 2) fail("at most two layers");

    kad_node_t *t = kann_layer_input(vocabulary ? vocabulary : (int)sizes.input), *outs[2], *table = NULL;
    if (vocabulary) { /* one-hot rows by a matrix */
        table = kann_new_weight((int)sizes.input, vocabulary);
        t = kad_cmul(t, table);
    }
    for (int i = 0; i < layers; i++)
        t = outs[i] = lstm ? kann_layer_lstm(t, (int)sizes.hidden, 0) : kann_layer_gru(t, (int)sizes.hidden, 0);
    kad_node_t *cost = kann_layer_cost(t, (int)classes, KANN_C_CEM);
    const kad_node_t *head = cost->child[0]->child[0]; /* of the softmax: x w + b */
    kann_t *one = kann_new(cost, 0);
    if (table) {
        for (int v = 0; v < vocabulary; v++)
            for (size_t i = 0; i < sizes.input; i++) table->x[i * (size_t)vocabulary + (size_t)v] = *place++;
    }
    if (lstm) {
        for (int i = 0; i < layers; i++) lend_lstm(outs[i], inputs = i ? sizes.hidden : sizes.input, sizes.hidden);
        take(head->child[0]->child[1]->x, classes * sizes.hidden);
        take(head->child[1]->x, classes);
    }
    network = kann_unroll(one, (int)sizes.steps);
    kann_set_batch_size(network, (int)sizes.batch);
    kann_switch(network, 1);
    size_t wide = vocabulary ? (size_t)vocabulary : sizes.input, parameters = (size_t)kann_size_var(network);
    steps_x = (float **)(void *)memory_of(sizes.steps * sizeof *steps_x);
    steps_y = (float **)(void *)memory_of(sizes.steps * sizeof *steps_y);
    for (size_t i = 0; i < sizes.steps; i++) {
        steps_x[i] = (float *)(void *)memory_of(sizes.batch * wide * sizeof(float));
        steps_y[i] = (float *)(void *)memory_of(sizes.batch * classes * sizeof(float));
    }
    kann_feed_bind(network, KANN_F_IN, 0, steps_x);
    kann_feed_bind(network, KANN_F_TRUTH, 0, steps_y);
    moments = (float *)(void *)memory_of(2 * parameters * sizeof *moments);
    first = (float *)(void *)memory_of(parameters * sizeof *first);
    memcpy(first, network->x, parameters * sizeof *first);
    output_bytes = sizeof(float); /* a loss a call */
}

static void reset(void) {
    size_t parameters = (size_t)kann_size_var(network);
    memcpy(network->x, first, parameters * sizeof *first);
    memset(moments, 0, 2 * parameters * sizeof *moments);
    taken = 0;
}

/* Parameters [from, from + count), by so much of the step. */
static void update(size_t from, size_t count, float by) {
    float *x = network->x + from, *m = moments + from, *v = m + kann_size_var(network);
    const float *g = network->g + from;
    if (!adam) {
        for (size_t i = 0; i < count; i++) x[i] -= by * rate * g[i];
        return;
    }
    float size = by * rate / (float)(1 - pow(0.9, taken)), scale = (float)sqrt(1 - pow(0.999, taken));
    for (size_t i = 0; i < count; i++) {
        m[i] = 0.9f * m[i] + 0.1f * g[i];
        v[i] = 0.999f * v[i] + 0.001f * g[i] * g[i];
        x[i] -= size * m[i] / (sqrtf(v[i]) / scale + 1e-8f);
    }
}

static void update_all(void) {
    size_t done = 0, all = (size_t)kann_size_var(network);
    taken++;
    for (;;) { /* what lies before the next bias, then that */
        size_t next = all, count = 0;
        for (int b = 0; b < bias_count; b++) {
            size_t at = (size_t)(biases[b]->x - network->x);
            if (at >= done && at < next) next = at, count = (size_t)kad_len(biases[b]);
        }
        update(done, next - done, 1);
        if (next == all) return;
        update(next, count, 2);
        done = next + count;
    }
}

static void pass(void) {
    size_t classes = sizes.output;
    for (size_t i = 0; i < sizes.calls; i++) {
        const int32_t *y = targets + i * sizes.steps * sizes.batch, *tokens = (const int32_t *)call_input(i);
        const float *x = (const float *)call_input(i);
        for (size_t t = 0; t < sizes.steps; t++) {
            if (!vocabulary) memcpy(steps_x[t], x + t * sizes.batch * sizes.input, sizes.batch * sizes.input * sizeof *x);
            else memset(steps_x[t], 0, sizes.batch * (size_t)vocabulary * sizeof *x);
            memset(steps_y[t], 0, sizes.batch * classes * sizeof(float));
            for (size_t b = 0; b < sizes.batch; b++) {
                if (vocabulary) steps_x[t][b * (size_t)vocabulary + (size_t)tokens[t * sizes.batch + b]] = 1;
                steps_y[t][b * classes + (size_t)y[t * sizes.batch + b]] = 1;
            }
        }
        *call_output(i) = kann_cost(network, 0, 1);
        update_all();
    }
}
