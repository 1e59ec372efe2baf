// What sketches use of Arduino's own header, on this machine: the serial port is standard output.
#ifndef ARDUINO_H
#define ARDUINO_H

#include <cstdint>
#include <cstdio>

struct SerialPort {
  void begin(long) {}
  void print(const char *s) { std::fputs(s, stdout); }
  void println(const char *s) { std::puts(s); }
  void println(float x) { std::printf("%.6g\n", static_cast<double>(x)); }
  void println(std::int32_t x) { std::printf("%d\n", static_cast<int>(x)); }
};
static SerialPort Serial;
inline void delay(unsigned long) {}
void setup();
void loop();

#endif
