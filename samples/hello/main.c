/* hello: answers each letter of "hello" with a letter of "ohlol", by four models out of one file. */
#include <stdint.h>
#include <stdio.h>

#include "hello.h"

enum { LENGTH = 5 };

static const char alphabet[] = "ehlo"; /* a letter's number is its place */
static const int32_t word[LENGTH] = {1, 0, 2, 2, 3};

/* Prints one model's answer; returns whether there is one. */
static int show(const char *kind, nnc_status status, const int32_t next[LENGTH]) {
    if (status != NNC_OK) {
        fprintf(stderr, "hello: %s: %s\n", kind, nnc_status_string(status));
        return 0;
    }
    printf("%-8s ", kind);
    for (int i = 0; i < LENGTH; i++) printf("%c", alphabet[word[i]]);
    printf(" -> ");
    for (int i = 0; i < LENGTH; i++) printf("%c", alphabet[next[i]]);
    printf("\n");
    return 1;
}

/* One letter a run; the struct keeps the hidden state from one run to the next. */
static nnc_status run_letter_by_letter(hello_rnncell *cell, int32_t next[LENGTH]) {
    nnc_status status = NNC_OK;
    hello_rnncell_reset(cell);
    for (int i = 0; i < LENGTH && status == NNC_OK; i++) status = hello_rnncell_run(cell, &word[i], &next[i]);
    return status;
}

int main(void) {
    static hello_rnn rnn;
    static hello_lstm lstm;
    static hello_gru gru;
    static hello_rnncell cell;
    int32_t next[LENGTH];
    int ok = 1;

    hello_rnn_reset(&rnn);
    ok &= show("RNN:", hello_rnn_run(&rnn, LENGTH, word, next), next);
    hello_lstm_reset(&lstm);
    ok &= show("LSTM:", hello_lstm_run(&lstm, LENGTH, word, next), next);
    hello_gru_reset(&gru);
    ok &= show("GRU:", hello_gru_run(&gru, LENGTH, word, next), next);
    ok &= show("RNNCell:", run_letter_by_letter(&cell, next), next);
    return ok ? 0 : 1;
}
