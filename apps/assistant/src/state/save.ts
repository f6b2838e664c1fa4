import { exportModel, type StoredModel } from 'pocketbit';

type Picker = (options: { suggestedName: string }) => Promise<FileSystemFileHandle>;

/** Saves a stored model as a file of the user's: where they choose, or among the downloads. Rejects with AbortError. */
export async function saveAsFile({ source, name }: StoredModel): Promise<void> {
  const pick: Picker | undefined = Reflect.get(window, 'showSaveFilePicker');
  const file = await pick?.({ suggestedName: name });
  const { stream } = await exportModel(source);
  if (file) return stream.pipeTo(await file.createWritable());
  download(await new Response(stream).blob(), name);
}

/** Hands the user a file, among the downloads. */
export function download(file: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  // The browser has begun to read it by then.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
