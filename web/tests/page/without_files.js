// A worker in a browser that keeps no files for the site.
import './refuse_files.js';
import './client/worker.js';
