// rtneural.cpp: RTNeural's static model, as a contestant; INPUT, HIDDEN, LINEAR and GRU are macros. Argument: a file of
// float32 weights, which bench.py writes in RTNeural's (Keras') order: kernel [I][G*H], recurrent [H][G*H], bias [G*H]
// of an LSTM or [2][G*H] of a GRU; then, with a Linear, its weight [output][H] and bias [output].
#include <vector>

#include "contestant.h"
#include <RTNeural/RTNeural.h>

#if GRU
using Layer = RTNeural::GRULayerT<float, INPUT, HIDDEN>;
enum { GATES = 3 };
#else
using Layer = RTNeural::LSTMLayerT<float, INPUT, HIDDEN>;
enum { GATES = 4 };
#endif
#if LINEAR
enum { OUTPUT = LINEAR };
static RTNeural::ModelT<float, INPUT, LINEAR, Layer, RTNeural::DenseT<float, HIDDEN, LINEAR>> model;
#else
enum { OUTPUT = HIDDEN };
static RTNeural::ModelT<float, INPUT, HIDDEN, Layer> model;
#endif

static std::vector<std::vector<float>> matrix(FILE *file, size_t rows, size_t columns) {
    std::vector<std::vector<float>> m(rows, std::vector<float>(columns));
    for (auto &row : m)
        if (fread(row.data(), sizeof(float), columns, file) != columns) fail("the weights are too short");
    return m;
}

static void load(int argc, char **argv) {
    FILE *file = argc == 1 ? fopen(argv[0], "rb") : nullptr;
    if (!file) fail("one argument: the weights");
    auto &layer = model.get<0>();
    layer.setWVals(matrix(file, INPUT, GATES * HIDDEN));
    layer.setUVals(matrix(file, HIDDEN, GATES * HIDDEN));
#if GRU
    layer.setBVals(matrix(file, 2, GATES * HIDDEN));
#else
    layer.setBVals(matrix(file, 1, GATES * HIDDEN)[0]);
#endif
#if LINEAR
    model.get<1>().setWeights(matrix(file, LINEAR, HIDDEN));
    model.get<1>().setBias(matrix(file, 1, LINEAR)[0].data());
#endif
    fclose(file);
}

static void reset(void) { model.reset(); }

static void pass(void) {
    for (size_t i = 0; i < sizes.calls; i++) {
        const float *x = static_cast<const float *>(call_input(i));
        float *y = call_output(i);
        for (size_t t = 0; t < sizes.steps; t++) {
            alignas(RTNEURAL_DEFAULT_ALIGNMENT) float in[(INPUT + 15) / 16 * 16];
            memcpy(in, x + t * INPUT, INPUT * sizeof(float));
            model.forward(in);
            memcpy(y + t * OUTPUT, model.getOutputs(), OUTPUT * sizeof(float));
        }
    }
}
