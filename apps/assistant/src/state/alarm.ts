let audio: AudioContext | undefined;

/** Prepares the sound inside a user gesture; browsers allow it at no other time. */
export function armAlarm(): void {
  if (typeof AudioContext === 'undefined') return;
  audio ??= new AudioContext();
  void audio.resume().catch(() => {});
}

/** Three short tones, and a buzz where the device can. */
export function soundAlarm(): void {
  navigator.vibrate?.([200, 100, 200, 100, 200]);
  if (audio?.state !== 'running') return;
  for (const offset of [0, 0.35, 0.7]) tone(audio, audio.currentTime + offset);
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
