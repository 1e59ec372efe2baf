/* ort.c: ONNX Runtime through its C API, as a contestant. Argument: the graph.
 *
 * One thread, sequential, all graph optimizations. Inputs and outputs are tensors on the contestant's own memory, made
 * once for each call of a pass; the states that are kept go back and forth between two sets of tensors, so that nothing
 * is copied or allocated here. */
#include "contestant.h"
#include <onnxruntime_c_api.h>
#include <stdbool.h>

static const char *const input_names[] = {"x", "h", "c"}, *const output_names[] = {"y", "h_n", "c_n"};

static const OrtApi *api;
static OrtSession *session;
static OrtMemoryInfo *memory;
static OrtValue **inputs, **outputs, *states[2][2]; /* states: [which set][h or c] */
static void *state_data[2][2];
static int current; /* the set that holds the states */

static void check(OrtStatus *status) {
    if (status) fail(api->GetErrorMessage(status));
}

static OrtValue *tensor(void *data, size_t bytes, const int64_t *shape, size_t rank, ONNXTensorElementDataType type) {
    OrtValue *value = NULL;
    check(api->CreateTensorWithDataAsOrtValue(memory, data, bytes, shape, rank, type, &value));
    return value;
}

/* The graph's own shape of its first input or output where that is fixed, as a program's is; else what is given. */
static size_t shape_of(bool input, int64_t *shape, size_t rank) {
    OrtTypeInfo *type;
    const OrtTensorTypeAndShapeInfo *info;
    size_t count;
    int64_t own[8];
    check(input ? api->SessionGetInputTypeInfo(session, 0, &type) : api->SessionGetOutputTypeInfo(session, 0, &type));
    check(api->CastTypeInfoToTensorInfo(type, &info));
    check(api->GetDimensionsCount(info, &count));
    if (count > sizeof own / sizeof *own) fail("too many axes");
    check(api->GetDimensions(info, own, count));
    bool fixed = true;
    for (size_t i = 0; i < count; i++) fixed = fixed && own[i] > 0;
    if (fixed) memcpy(shape, own, (rank = count) * sizeof *own);
    api->ReleaseTypeInfo(type);
    return rank;
}

static void load(int argc, char **argv) {
    OrtEnv *env;
    OrtSessionOptions *options;
    if (argc != 1) fail("one argument: the graph");
    /* The library may be older than the header; everything used here has been there since version 1. */
    api = OrtGetApiBase()->GetApi(1);
    if (!api) fail("no such version of the API");
    check(api->CreateEnv(ORT_LOGGING_LEVEL_ERROR, "bench", &env));
    check(api->CreateSessionOptions(&options));
    check(api->SetIntraOpNumThreads(options, 1));
    check(api->SetInterOpNumThreads(options, 1));
    check(api->SetSessionExecutionMode(options, ORT_SEQUENTIAL));
    check(api->SetSessionGraphOptimizationLevel(options, ORT_ENABLE_ALL));
    check(api->CreateSession(env, argv[0], options, &session));
    check(api->CreateCpuMemoryInfo(OrtArenaAllocator, OrtMemTypeDefault, &memory));

    const int64_t steps = (int64_t)sizes.steps, batch = (int64_t)sizes.batch;
    int64_t x_shape[8] = {steps, batch, (int64_t)sizes.input}, y_shape[8] = {steps, batch, (int64_t)sizes.output};
    const size_t x_rank = shape_of(true, x_shape, sizes.tokens ? 2 : 3), y_rank = shape_of(false, y_shape, 3);
    const int64_t state_shape[] = {1, batch, (int64_t)sizes.hidden};
    const ONNXTensorElementDataType real = ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT;
    inputs = (OrtValue **)(void *)memory_of(sizes.calls * sizeof *inputs);
    outputs = (OrtValue **)(void *)memory_of(sizes.calls * sizeof *outputs);
    for (size_t i = 0; i < sizes.calls; i++) {
        inputs[i] = tensor(pass_inputs + i * input_bytes, input_bytes, x_shape, x_rank,
                           sizes.tokens ? ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32 : real);
        outputs[i] = tensor(call_output(i), output_bytes, y_shape, y_rank, real);
    }
    const size_t bytes = sizes.batch * sizes.hidden * sizeof(float);
    for (int set = 0; set < 2; set++)
        for (size_t i = 0; i < sizes.states; i++)
            states[set][i] = tensor(state_data[set][i] = memory_of(bytes), bytes, state_shape, 3, real);
}

static void reset(void) {
    for (size_t i = 0; i < sizes.states; i++)
        memset(state_data[current][i], 0, sizes.batch * sizes.hidden * sizeof(float));
}

static void pass(void) {
    for (size_t call = 0; call < sizes.calls; call++) {
        const OrtValue *in[3] = {inputs[call]};
        OrtValue *out[3] = {outputs[call]};
        for (size_t i = 0; i < sizes.states; i++) {
            in[1 + i] = states[current][i];
            out[1 + i] = states[!current][i];
        }
        const size_t count = 1 + sizes.states;
        check(api->Run(session, NULL, input_names, in, count, output_names, count, out));
        current = !current;
    }
}
