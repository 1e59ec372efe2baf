/* hello_train: five models learn to answer each letter of hello by the next one of ohlol. */
#include <stdint.h>
#include <stdio.h>

#include "hello_train.h"

static const char letters_of[] = "ehlo";
static const int32_t hello[] = {1, 0, 2, 2, 3}, ohlol[] = {3, 1, 2, 3, 2};

enum { STEPS = 5, EPOCHS = 200 };

static int show(const char *how, const int32_t best[STEPS], float loss) {
    printf("%-10s hello -> ", how);
    for (int t = 0; t < STEPS; t++) putchar(letters_of[best[t]]);
    printf(loss < 0.7f ? "\n" : " (not learnt)\n");
    return 0;
}

static int fail(const char *how, nnc_status status) {
    fprintf(stderr, "hello_train: %s: %s\n", how, nnc_status_string(status));
    return 1;
}

/* The models have functions of one form; by_cell alone has no run-time length. */
#define LEARN(name, how, ...)                                                                     \
    static int learn_##name(void) {                                                               \
        static name model;                                                                        \
        int32_t best[STEPS];                                                                      \
        float loss = 0;                                                                           \
        nnc_status status = NNC_OK;                                                               \
        name##_reset(&model);                                                                     \
        for (int epoch = 0; epoch < EPOCHS && status == NNC_OK; epoch++)                          \
            status = name##_train(&model, __VA_ARGS__ hello, ohlol, name##_rate, &loss);          \
        if (status == NNC_OK) status = name##_run(&model, __VA_ARGS__ hello, best);               \
        return status == NNC_OK ? show(how, best, loss) : fail(how, status);                      \
    }

static const float by_cell_rate = BY_CELL_LR, by_rnn_rate = BY_RNN_LR, by_embedding_rate = BY_EMBEDDING_LR,
                   by_lstm_rate = BY_LSTM_LR, by_gru_rate = BY_GRU_LR;

LEARN(by_cell, "RNNCell", )
LEARN(by_rnn, "RNN", STEPS, )
LEARN(by_embedding, "2 x RNN", STEPS, )
LEARN(by_lstm, "2 x LSTM", STEPS, )
LEARN(by_gru, "GRU", STEPS, )

int main(void) {
    return learn_by_cell() || learn_by_rnn() || learn_by_embedding() || learn_by_lstm() || learn_by_gru();
}
