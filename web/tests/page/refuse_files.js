navigator.storage.getDirectory = () => Promise.reject(new DOMException('Storage directory access is denied.', 'SecurityError'));
