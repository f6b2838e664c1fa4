/** The sound of a timer or reminder that falls due. */
export class Alarm {
  #audio: AudioContext | null = null;

  /** Prepares the sound inside a user gesture; browsers allow it at no other time. */
  arm(): void {
    if (typeof AudioContext === 'undefined') return;
    this.#audio ??= new AudioContext();
    void this.#audio.resume().catch(() => {});
  }

  /** Three short tones, and a buzz where the device can. */
  sound(): void {
    navigator.vibrate?.([200, 100, 200, 100, 200]);
    const audio = this.#audio;
    if (audio?.state !== 'running') return;
    for (const offset of [0, 0.35, 0.7]) tone(audio, audio.currentTime + offset);
  }
}

function tone(context: AudioContext, at: number): void {
  const oscillator = context.createOscillator();
  const gain = context.createGain();
  oscillator.frequency.value = 880;
  gain.gain.setValueAtTime(0, at);
  gain.gain.linearRampToValueAtTime(0.2, at + 0.02);
  gain.gain.linearRampToValueAtTime(0, at + 0.25);
  oscillator.connect(gain).connect(context.destination);
  oscillator.start(at);
  oscillator.stop(at + 0.3);
}
