/* ort.c: ONNX Runtime through its C API, as a contestant. Argument: the graph.
 *
 * One thread, all graph optimizations. Inputs and outputs are tensors on the contestant's own memory, made once for
 * each call of a pass; the states that are kept go back and forth between two sets of tensors, so that nothing is
 * copied or allocated here. */
#include "contestant.h"
#include <onnxruntime_c_api.h>

enum { NAMES = 1 + STATES };
static const char *const input_names[] = {"x", "h", "c"}, *const output_names[] = {"y", "h_n", "c_n"};

static const OrtApi *api;
static OrtSession *session;
static OrtMemoryInfo *memory;
static OrtValue *inputs[CALLS], *outputs[CALLS], *states[2][2]; /* states: [which set][h or c] */
static float state_data[2][2][BATCH * HIDDEN];
static int current; /* the set that holds the states */

static void check(OrtStatus *status) {
    if (status)
        fail(api->GetErrorMessage(status));
}

static OrtValue *tensor(void *data, size_t bytes, const int64_t *shape, size_t rank, ONNXTensorElementDataType type) {
    OrtValue *value = NULL;
    check(api->CreateTensorWithDataAsOrtValue(memory, data, bytes, shape, rank, type, &value));
    return value;
}

static void load(int argc, char **argv) {
    OrtEnv *env;
    OrtSessionOptions *options;
    if (argc != 1)
        fail("one argument: the graph");
    /* The library may be older than the header; everything used here has been there since version 1. */
    api = OrtGetApiBase()->GetApi(1);
    if (!api)
        fail("no such version of the API");
    check(api->CreateEnv(ORT_LOGGING_LEVEL_ERROR, "bench", &env));
    check(api->CreateSessionOptions(&options));
    check(api->SetIntraOpNumThreads(options, 1));
    check(api->SetInterOpNumThreads(options, 1));
    check(api->SetSessionExecutionMode(options, ORT_SEQUENTIAL));
    check(api->SetSessionGraphOptimizationLevel(options, ORT_ENABLE_ALL));
    check(api->CreateSession(env, argv[0], options, &session));
    check(api->CreateCpuMemoryInfo(OrtArenaAllocator, OrtMemTypeDefault, &memory));

    const int64_t x_shape[] = {STEPS, BATCH, INPUT}, y_shape[] = {STEPS, BATCH, OUTPUT};
    const int64_t state_shape[] = {1, BATCH, HIDDEN};
    for (int i = 0; i < CALLS; i++) {
        inputs[i] = tensor(pass_inputs + (size_t)i * CALL_INPUTS, CALL_INPUTS * sizeof *pass_inputs, x_shape,
                           TOKENS ? 2 : 3,
                           TOKENS ? ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32 : ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT);
        outputs[i] = tensor(pass_outputs + (size_t)i * CALL_OUTPUTS, CALL_OUTPUTS * sizeof *pass_outputs, y_shape, 3,
                            ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT);
    }
    for (int set = 0; set < 2; set++)
        for (int i = 0; i < STATES; i++)
            states[set][i] = tensor(state_data[set][i], sizeof state_data[set][i], state_shape, 3,
                                    ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT);
}

static void reset(void) {
    memset(state_data, 0, sizeof state_data);
}

static void call(const input_type *x, float *y) {
    const OrtValue *in[3];
    OrtValue *out[3];
    in[0] = inputs[(x - pass_inputs) / CALL_INPUTS];
    out[0] = outputs[(y - pass_outputs) / CALL_OUTPUTS];
    for (int i = 0; i < STATES; i++) {
        in[1 + i] = states[current][i];
        out[1 + i] = states[!current][i];
    }
    check(api->Run(session, NULL, input_names, in, NAMES, output_names, NAMES, out));
    current = !current;
}
