// What a server imports: `createTasks({ store: new JsonFolderStore({ folder: 'tasks' }) })`.
export { JsonFolderStore } from './json-folder-store.ts';
